# trug in a container: docker build -t trug . && docker run -p 9000:9000 -p 9001:9001 -v data:/data trug
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY server server
COPY migrations migrations
RUN python -m venv /opt/trug && /opt/trug/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
RUN groupadd --system --gid 10001 trug \
 && useradd --system --uid 10001 --gid trug --home-dir /data --shell /usr/sbin/nologin trug \
 && install --directory --owner trug --group trug --mode 0700 /data
COPY --from=build /opt/trug /opt/trug
ENV PATH=/opt/trug/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TRUG_DIRECTORY=/data \
    TRUG_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 9000 9001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["trug", "health"]
ENTRYPOINT ["trug"]
CMD ["serve"]
