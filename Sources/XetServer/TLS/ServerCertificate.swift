import Logging
import NIOSSL
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The certificate and key that new connections are met with; read again when their files change.
final class ServerCertificate: Sendable {
    /// How often the files are looked at.
    static let interval = Duration.seconds(2)

    private struct State {
        var context: NIOSSLContext
        var stamps: [FileStamp]
    }

    private let files: TLSFiles
    private let state: Mutex<State>

    /// Reads the files; throws ``TLSFilesError`` if they cannot be used.
    init(_ files: TLSFiles) throws {
        self.files = files
        let stamps = Self.stamps(files)
        state = Mutex(State(context: try Self.context(files), stamps: stamps))
    }

    /// What a new connection is met with.
    var context: NIOSSLContext { state.withLock { $0.context } }

    /// Looks at the files, and reads them if they are others than those last read; returns whether it did.
    ///
    /// Throws ``TLSFilesError`` if those cannot be used; the ones before stay in use then, until the files change again.
    func refresh() throws -> Bool {
        let stamps = Self.stamps(files)
        let isNew = state.withLock { state in
            defer { state.stamps = stamps }
            return state.stamps != stamps
        }
        guard isNew else { return false }
        let context = try Self.context(files)
        state.withLock { $0.context = context }
        return true
    }

    /// Looks at the files from time to time until the task is cancelled.
    func watch(clock: some Clock<Duration>, logger: Logger) async throws {
        while true {
            try await clock.sleep(for: Self.interval)
            do {
                if try refresh() { logger.notice("new certificate in use", metadata: ["file": "\(files.certificate)"]) }
            } catch {
                logger.error(
                    "the new certificate cannot be used; the one before stays",
                    metadata: ["cause": "\(error)"]
                )
            }
        }
    }

    private static func context(_ files: TLSFiles) throws -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
        } catch {
            throw TLSFilesError(file: files.certificate, problem: "holds no certificates in PEM, or cannot be read")
        }
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw TLSFilesError(file: files.key, problem: "holds no private key in PEM, or cannot be read")
        }
        guard !chain.isEmpty else {
            throw TLSFilesError(file: files.certificate, problem: "holds no certificates in PEM")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSFilesError(file: files.key, problem: "is not the key of the certificate in \(files.certificate)")
        }
    }

    private static func stamps(_ files: TLSFiles) -> [FileStamp] {
        [FileStamp(files.certificate), FileStamp(files.key)]
    }
}
