import Testing

@testable import XetServer

@Suite struct PrometheusTextTests {
    @Test(
        arguments: [
            (0, "0"), (1, "1"), (-3, "-3"), (0.5, "0.5"), (1e15, "1000000000000000"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"),
            (.nan, "NaN"), (1e300, "1e+300"),
        ] as [(Double, String)]
    )
    func `numbers`(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }
}
