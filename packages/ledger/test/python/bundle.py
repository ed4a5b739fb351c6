"""A whole bundle: every file of a folder, up to the newest checkpoint that is signed in it."""
import json, re, struct  # noqa: E401
from entry import Chains, jcs
from note import Refused, Trust, need, open_checkpoint
from verify import mth

CHECKPOINT = r"checkpoints/(0|[1-9]\d{0,15})"
TILE = r"tile/(entries|0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?"


class Found:
    """The files by what their names say."""

    def __init__(self, folder):
        paths = [path for path in folder.rglob("*") if not path.is_dir()]
        self.files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        self.sizes, self.tiles = set(), {}
        for name in self.files:
            if match := re.fullmatch(CHECKPOINT, name):
                self.sizes.add(int(match[1]))
            elif place := tile_of(name):
                self.tiles[place] = self.files[name]
            elif name.startswith(("checkpoints/", "tile/")) and "/." not in name:
                whole = name.removesuffix(".new")
                need(whole != name and (re.fullmatch(CHECKPOINT, whole) or tile_of(whole)), "stray")

    def read(self, name):
        need(name in self.files, "missing")
        return self.files[name]


def tile_of(name):
    match = re.fullmatch(TILE, name)
    if not match:
        return None
    index, width = int(re.sub("[x/]", "", match[2])), int(match[3] or 256)
    is_short = not match[2].startswith("x000") and (match[3] is None or width < 256)
    return (match[1], index, width) if is_short else None


def checkpoints(found, trust):
    """Roots by size, the origin, and what shows readers less than the newest."""
    raw = found.read("manifest.json")
    try:
        manifest = json.loads(raw)
        need(jcs(manifest) + b"\n" == raw and set(manifest) == {"checkpoints", "format", "origin"}, "manifest")
        names = [int(re.fullmatch(CHECKPOINT, name)[1]) for name in manifest["checkpoints"]]
    except (ValueError, TypeError):
        raise Refused("manifest") from None
    need(manifest["format"] == "weir-governance-bundle/1" and names and names == sorted(set(names)), "manifest")
    shown = found.read("checkpoint")
    origin, size, root, kinds = open_checkpoint(shown, trust, False)
    opened = {each: open_checkpoint(found.read(f"checkpoints/{each}"), trust, False) for each in {*found.sizes, *names, size}}
    newest = max(opened)
    for each, checkpoint in opened.items():
        need(checkpoint[1] == each, "checkpoint")
        need(checkpoint[0] == manifest["origin"], "origin")
    kept = found.read(f"checkpoints/{size}")
    need(opened[size][2] == root, "equivocation")
    need(opened[size][3] == kinds, "checkpoint-kind")
    need(kept.startswith(shown) or shown.startswith(kept), "checkpoint")
    open_checkpoint(max(shown, kept, key=len) if newest == size else found.read(f"checkpoints/{newest}"), trust, True)
    return {each: checkpoint[2] for each, checkpoint in opened.items()}, origin, newest > min(size, names[-1])


def framed(data):
    """Entries of a bundle; the last one None when it is torn."""
    while data:
        end = 2 + struct.unpack(">H", data[:2])[0] if len(data) > 1 else len(data) + 1
        yield data[2:end] if end <= len(data) else None
        data = data[end:]


def width_in(size, level, index):
    return min(max(size // 256 ** (0 if level == "entries" else int(level)) - index * 256, 0), 256)


def check_partials(found, size, level, index, whole):
    """Narrower files of a tile are its beginning. @param whole hashes or entries of the tile"""
    for (at, place, width), data in found.tiles.items():
        if (at, place) == (level, index) and width < width_in(size, level, index):
            held = list(framed(data)) if level == "entries" else [data[n : n + 32] for n in range(0, len(data), 32)]
            need(held == whole[:width], "tile")


def check_leaves(found, chains, size, roots, leaves):
    for index in range((size + 255) // 256):
        width = width_in(size, "entries", index)
        data, tile = found.tiles.get(("entries", index, width)), found.tiles.get(("0", index, width))
        need(data is not None and tile is not None, "missing")
        entries = list(framed(data))
        for place in range(width):
            need(place < len(entries), "missing")
            need(entries[place] is not None, "malformed")
            leaf = chains.take(len(leaves), entries[place])
            need(tile[place * 32 : place * 32 + 32] == leaf, "tile")
            leaves.append(leaf)
            need(roots.get(len(leaves)) in (None, mth(leaves) if len(leaves) in roots else None), "root")
        need(len(entries) == width, "trailing")
        need(len(tile) == width * 32, "tile")
        check_partials(found, size, "entries", index, entries)
        check_partials(found, size, "0", index, leaves[index * 256 :])


def check_upper(found, size, hashes):
    level = 0
    while len(hashes) >= 256:
        hashes, level = [mth(hashes[at : at + 256]) for at in range(0, len(hashes) // 256 * 256, 256)], level + 1
        for index in range((len(hashes) + 255) // 256):
            held = hashes[index * 256 : index * 256 + 256]
            need(found.tiles.get((str(level), index, len(held))) is not None, "missing")
            need(found.tiles[str(level), index, len(held)] == b"".join(held), "tile")
            check_partials(found, size, str(level), index, held)


def verdict(folder, trust_text):
    leaves = []
    try:
        found, trust = Found(folder), Trust(trust_text)
        roots, origin, is_behind = checkpoints(found, trust)
        size = max(roots)
        check_leaves(found, Chains(trust, origin), size, roots, leaves)
        check_upper(found, size, leaves)
        need(roots.get(0) in (None, mth([])), "root")
        if is_behind:
            return f"unfinished {size} behind"
        if any(width > width_in(size, level, index) for level, index, width in found.tiles):
            return f"unfinished {size} unsigned"
        return f"sound {size}"
    except Refused as error:
        return f"tampered {len(leaves)} {error}"
