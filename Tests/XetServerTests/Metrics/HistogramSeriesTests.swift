import Testing

@testable import XetServer

@Suite struct HistogramSeriesTests {
    @Test func `buckets add up, and their ends belong to them`() throws {
        let histogram = HistogramSeries()
        histogram.record(0.001)
        histogram.record(0.0011)
        histogram.recordNanoseconds(2_000_000_000)
        histogram.record(Int64(5000))
        let samples = histogram.samples(MetricLabels([("a", "b")]))
        let buckets = samples.filter { $0.suffix == "_bucket" }
        #expect(buckets.count == HistogramSeries.bounds.count + 1)
        #expect(buckets.map(\.value) == buckets.map(\.value).sorted())
        func count(_ bound: String) -> Double? {
            buckets.first { $0.labels == #"a="b",le="\#(bound)""# }?.value
        }
        #expect(count("0.001") == 1)
        #expect(count("0.005") == 2)
        #expect(count("1") == 2)
        #expect(count("2.5") == 3)
        #expect(count("1800") == 3)
        #expect(count("+Inf") == 4)
        let sum = try #require(samples.first { $0.suffix == "_sum" }?.value)
        #expect(abs(sum - 5002.0021) < 1e-9)
        #expect(samples.last?.suffix == "_count")
        #expect(samples.last?.value == 4)
    }
}
