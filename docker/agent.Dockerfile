# The example agent, and the stand-in for a cluster of compose.yaml, which needs the same library. Context: the repository.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim
FROM ${PYTHON_IMAGE}
RUN ["python3", "-m", "pip", "install", "--no-cache-dir", "aiohttp==3.13.2"]
COPY docs/examples/agent/agent.py docker/cluster/cluster.py /app/
ENV PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["python3"]
CMD ["/app/agent.py"]
