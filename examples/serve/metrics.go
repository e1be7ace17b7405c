package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what Prometheus is told of the server, a serve.Observer.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	batches  *prometheus.HistogramVec
	running  *prometheus.CounterVec
	loads    *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "residuum_request_seconds", Help: "Time from a request to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
		}, []string{"model", "status"}),
		batches: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "residuum_batch_images", Help: "Images that went through a net together.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		}, []string{"model"}),
		running: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "residuum_run_seconds_total", Help: "Time in which a net ran.",
		}, []string{"model"}),
		loads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "residuum_model_loads_total", Help: "Loads of a model's file, at the start and when it had changed.",
		}, []string{"model", "result"}),
	}
	m.registry.MustRegister(m.requests, m.batches, m.running, m.loads,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch adds how many requests and images a server holds.
func (m *metrics) watch(held func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "residuum_held", Help: "Requests and images that are accepted and not yet answered.",
	}, func() float64 { return float64(held()) }))
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) Answered(model string, status int, took time.Duration) {
	m.requests.WithLabelValues(model, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) Ran(model string, images int, took time.Duration) {
	m.batches.WithLabelValues(model).Observe(float64(images))
	m.running.WithLabelValues(model).Add(took.Seconds())
}

func (m *metrics) Loaded(model string, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.loads.WithLabelValues(model, result).Inc()
}
