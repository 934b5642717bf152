import MetricsTestKit
import Testing
import XetAccess
import XetAccessTestSupport
import XetTestSupport

@testable import XetDownload

@Suite struct DownloadMetricsTests {
    private let metrics = TestMetrics()

    private func rig() -> DownloadRig {
        var configuration = FileDownloader.Configuration.test()
        configuration.metrics = DownloadMetrics(metrics)
        return DownloadRig(configuration: configuration)
    }

    private func total(_ label: String, _ labels: [(String, String)] = []) throws -> Int64 {
        try metrics.expectCounter(label, labels).totalValue
    }

    private func file() throws -> SampleFile {
        try SampleFile(ranges: [0..<40], chunkCount: 40, chunkByteCount: 100, seed: 5)
    }

    @Test func `a download without faults`() throws {
        let file = try file()
        #expect(try rig().run(file)?.get() == file.bytes)
        #expect(try total("xet_decoded_bytes_total") == Int64(file.bytes.count))
        for label in ["xet_fetch_retries_total", "xet_url_renewals_total"] { #expect(try total(label) == 0) }
        for part in ["xorb", "file"] { #expect(try total("xet_verification_failures_total", [("part", part)]) == 0) }
    }

    @Test func `a fetch that fails once`() throws {
        let file = try file()
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.refusal = XetError(.unavailable, "busy") }
            return answer
        }
        #expect(try rig().run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(try total("xet_fetch_retries_total") == 1)
        #expect(try total("xet_url_renewals_total") == 0)
    }

    @Test func `an address that has ended`() throws {
        let file = try file()
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.generation == 0 { answer.refusal = XetError(.expired, "too late") }
            return answer
        }
        #expect(try rig().run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(try total("xet_url_renewals_total") == 1)
        #expect(try total("xet_fetch_retries_total") == 0)
    }

    @Test func `bytes that are no xorb, once`() throws {
        let file = try file()
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.refusal = XetError(.corrupt, "wrong length") }
            return answer
        }
        #expect(try rig().run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(try total("xet_verification_failures_total", [("part", "xorb")]) == 1)
        #expect(try total("xet_verification_failures_total", [("part", "file")]) == 0)
    }

    @Test func `chunks that are right and in the wrong place`() throws {
        let file = try SampleFile(ranges: [0..<4], chunkCount: 4, chunkByteCount: 100)
        let xorbs = ScriptedXorbSource(file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            answer.damage = { bytes in bytes = Array(bytes[108..<216] + bytes[..<108] + bytes[216...]) }
            return answer
        }
        #expect((rig().run(file, xorbs: xorbs)?.failure as? XetError)?.code == .corrupt)
        #expect(try total("xet_verification_failures_total", [("part", "file")]) == 1)
        #expect(try total("xet_verification_failures_total", [("part", "xorb")]) == 0)
        #expect(try total("xet_fetch_retries_total") == 0)
    }
}
