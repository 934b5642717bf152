import Testing

@testable import XetServer

@Suite struct MetricLabelsTests {
    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"),
        ("\"\u{301}", "\\\"\u{301}"),
        ("\\\n\"", "\\\\\\n\\\""),
    ])
    func `values are escaped`(value: String, escaped: String) {
        #expect(Array(MetricLabels([("a", value)]).text.utf8) == Array("a=\"\(escaped)\"".utf8))
    }

    @Test func `labels are in order`() {
        let labels = MetricLabels([("b", "2"), ("a", "1")])
        #expect(labels == MetricLabels([("a", "1"), ("b", "2")]))
        #expect(labels.adding("le", "+Inf") == #"a="1",b="2",le="+Inf""#)
        #expect(MetricLabels([]).adding("le", "1") == #"le="1""#)
    }
}
