"""The linear model 2x - y for MLServer, which finds it by mlserver/model-settings.json."""
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Linear(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        rows = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        scores = NumpyCodec.encode_output("scores", (2 * rows[:, 0] - rows[:, 1]))
        return InferenceResponse(model_name=self.name, outputs=[scores])
