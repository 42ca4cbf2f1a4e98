FROM python:3.11-slim AS build
RUN python -m venv /opt/confradar
WORKDIR /src
COPY requirements.lock ./
RUN /opt/confradar/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements.lock
COPY . .
RUN /opt/confradar/bin/python -m pip install --no-cache-dir --no-deps --no-index --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin confradar
COPY --from=build /opt/confradar /opt/confradar
# The locked tzdata decides about zones, not the system's.
ENV PATH=/opt/confradar/bin:$PATH PYTHONTZPATH="" PYTHONUNBUFFERED=1 CONFRADAR_DATA_DIR=/data
USER 10001
WORKDIR /data
CMD ["confradar", "--help"]
