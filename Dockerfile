# The Python that CI proves; --build-arg PYTHON=3.13 works as well.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS build
COPY . /src
RUN /src/.ci/install.sh /opt/undercast

FROM python:${PYTHON}-slim
COPY --from=build /opt/undercast /opt/undercast
RUN useradd --system --uid 10001 --create-home undercast
USER undercast
WORKDIR /home/undercast
ENV PATH=/opt/undercast/bin:$PATH \
    UNDERCAST_ENDPOINT=http://127.0.0.1:4566
EXPOSE 4566
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=5 CMD ["undercast", "status", "--json"]
# `start` becomes the server's process, so signals reach it as process 1.
CMD ["undercast", "start", "--host", "0.0.0.0"]
