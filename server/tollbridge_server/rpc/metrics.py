"""What operators see of the RPCs: counts and times by method and code, as Prometheus reads them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class RpcMetrics:
    """Counters of one server. Methods and codes are few and fixed, so the label sets are bounded."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._handled = Counter(
            "tollbridge_rpc_handled",
            "RPCs that ended, by method, gRPC code and ErrorReason",
            ("method", "code", "reason"),
            registry=registry,
        )
        self._seconds = Histogram(
            "tollbridge_rpc_seconds",
            "Time from the start of an RPC to its end, in seconds",
            ("method",),
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self.in_flight = Gauge("tollbridge_rpc_in_flight", "Unary RPCs that are being handled", registry=registry)
        self.streams = Gauge("tollbridge_rpc_streams", "Streams that are open", registry=registry)
        self._counters: dict[tuple[str, str, str], Counter] = {}
        self._histograms: dict[str, Histogram] = {}

    def handled(self, method: str, code: str, reason: str, *, seconds: float) -> None:
        """Count one RPC that ended."""
        key = (method, code, reason)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = self._handled.labels(*key)
        counter.inc()
        histogram = self._histograms.get(method)
        if histogram is None:
            histogram = self._histograms[method] = self._seconds.labels(method)
        histogram.observe(seconds)
