"""Serves the linear model 2x - y over Open Inference Protocol v2 with KServe's own server: kserve_model.py --http_port PORT.

The model "slow" answers after a minute, for the time-out.
"""
import asyncio

import numpy as np
from kserve import InferOutput, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid


class Linear(Model):
    def __init__(self, name, wait):
        super().__init__(name)
        self.wait = wait
        self.ready = True

    async def get_input_types(self):
        return [{"name": "rows", "datatype": "FP64", "shape": [-1, 2]}]

    async def get_output_types(self):
        return [{"name": "scores", "datatype": "FP64", "shape": [-1]}]

    async def predict(self, request, headers=None, response_headers=None):
        await asyncio.sleep(self.wait)
        rows = request.inputs[0].as_numpy()
        output = InferOutput("scores", [len(rows)], "FP64")
        # The server answers as the request asks, in JSON or in binary.
        output.set_data_from_numpy(rows @ np.array([2.0, -1.0]))
        return InferResponse(response_id=request.id or generate_uuid(), model_name=self.name, infer_outputs=[output])


if __name__ == "__main__":
    import argparse

    from kserve import model_server

    arguments = argparse.ArgumentParser(parents=[model_server.parser]).parse_args()
    ModelServer(http_port=arguments.http_port, enable_grpc=False, workers=1).start([Linear("m", 0), Linear("slow", 60)])
