import Logging
import Testing
import XetTestSupport

@testable import XetServer

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite struct ServerCertificateTests {
    /// Two files in a folder of their own.
    private struct Pair {
        let folder = FileManager.default.temporaryDirectory.appending(path: "certificate-\(UUID().uuidString)")

        var files: TLSFiles {
            TLSFiles(certificate: folder.appending(path: "c.pem").path, key: folder.appending(path: "k.pem").path)
        }

        init(_ certificate: String, _ key: String) throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try write(certificate, key)
        }

        /// Puts new files in the place of the old ones.
        func write(_ certificate: String, _ key: String) throws {
            try Data(certificate.utf8).write(to: URL(filePath: files.certificate), options: .atomic)
            try Data(key.utf8).write(to: URL(filePath: files.key), options: .atomic)
        }

        func remove() { try? FileManager.default.removeItem(at: folder) }
    }

    @Test func `files that stay are not read again`() throws {
        let pair = try Pair(SampleCertificate.first, SampleCertificate.firstKey)
        defer { pair.remove() }
        let certificate = try ServerCertificate(pair.files)
        let context = certificate.context
        #expect(try !certificate.refresh())
        #expect(certificate.context === context)
    }

    @Test func `new files are used`() throws {
        let pair = try Pair(SampleCertificate.first, SampleCertificate.firstKey)
        defer { pair.remove() }
        let certificate = try ServerCertificate(pair.files)
        let context = certificate.context
        try pair.write(SampleCertificate.second, SampleCertificate.secondKey)
        #expect(try certificate.refresh())
        #expect(certificate.context !== context)
    }

    @Test(arguments: [
        ("", SampleCertificate.firstKey), (SampleCertificate.second, SampleCertificate.firstKey),
        (SampleCertificate.first, ""), ("no PEM", "no PEM"),
    ])
    func `a pair that cannot be used is refused once, and the one before stays`(
        _ chain: String,
        _ key: String
    ) throws {
        let pair = try Pair(SampleCertificate.first, SampleCertificate.firstKey)
        defer { pair.remove() }
        let certificate = try ServerCertificate(pair.files)
        let context = certificate.context
        try pair.write(chain, key)
        #expect(throws: TLSFilesError.self) { try certificate.refresh() }
        #expect(try !certificate.refresh())
        #expect(certificate.context === context)
        try pair.write(SampleCertificate.second, SampleCertificate.secondKey)
        #expect(try certificate.refresh())
    }

    @Test func `files that are gone are refused`() throws {
        let pair = try Pair(SampleCertificate.first, SampleCertificate.firstKey)
        let certificate = try ServerCertificate(pair.files)
        pair.remove()
        #expect(throws: TLSFilesError.self) { try certificate.refresh() }
        #expect(throws: TLSFilesError.self) { try ServerCertificate(pair.files) }
    }

    @Test func `the watch looks from time to time`() async throws {
        let pair = try Pair(SampleCertificate.first, SampleCertificate.firstKey)
        defer { pair.remove() }
        let certificate = try ServerCertificate(pair.files)
        let context = certificate.context
        let clock = ManualClock()
        try pair.write(SampleCertificate.second, SampleCertificate.secondKey)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await certificate.watch(clock: clock, logger: Logger(label: "test")) }
            while clock.sleeperCount == 0 { await Task.yield() }
            #expect(certificate.context === context)
            clock.advance(by: ServerCertificate.interval)
            while clock.sleeps.count < 2 { await Task.yield() }
            #expect(certificate.context !== context)
            group.cancelAll()
        }
    }
}
