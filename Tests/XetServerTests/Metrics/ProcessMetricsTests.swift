#if os(Linux)
import Testing

@testable import XetServer

@Suite struct ProcessMetricsTests {
    @Test func `the system tells`() throws {
        #expect(try #require(ProcessMetrics.residentByteCount) > 1 << 20)
        #expect(try #require(ProcessMetrics.openDescriptorCount) >= 3)
        #expect(try #require(ProcessMetrics.cpuSeconds) > 0)
    }
}
#endif
