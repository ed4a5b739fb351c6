# One image recipe for every service: docker build --build-arg SERVICE=drift-detector .
FROM node:24-bookworm-slim AS build
ARG SERVICE=drift-detector
WORKDIR /weir
COPY . .
RUN npx -y pnpm@12 install --frozen-lockfile --prod --filter "@weir/${SERVICE}..." \
  && ln -s "services/${SERVICE}/src/main.ts" main.ts \
  && rm -rf bench e2e examples infra docs tools /root/.npm /root/.cache /root/.local

FROM node:24-bookworm-slim
COPY --from=build --chown=node:node /weir /weir
# Inside a container loopback reaches nobody; config.ts still asks for a token or an explicit word that the network is closed.
ENV NODE_ENV=production WEIR_HTTP_HOST=0.0.0.0
WORKDIR /weir
USER node
EXPOSE 8081
# 220 MiB resident instead of 298 at 2,000 events a second: most of what a fold allocates dies young.
ENTRYPOINT ["node", "--max-semi-space-size=16", "main.ts"]
