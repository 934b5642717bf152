import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing
import XetAccess
import XetCore
import XetStore
import XetTestSupport
import XetWire
import _NIOFileSystem

@testable import XetOrigin

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    private let seconds = Mutex<UInt64>(1_800_000_000)

    var now: UInt64 { seconds.withLock { $0 } }

    func set(_ time: UInt64) {
        seconds.withLock { $0 = time }
    }

    func advance(by count: UInt64) {
        seconds.withLock { $0 += count }
    }
}

/// A folder with repositories.
struct RepositoryFolder: Sendable {
    let path: FilePath

    /// Lends a folder with these files, by their paths, that is removed afterwards.
    static func with<Value>(
        _ files: [String: [UInt8]],
        _ body: (RepositoryFolder) async throws -> Value
    ) async throws -> Value {
        let path = try await FileSystem.shared.createTemporaryDirectory(template: "/tmp/xet-origin-XXXXXX")
        let folder = RepositoryFolder(path: path)
        do {
            for (name, content) in files { try await folder.write(content, to: name) }
            let value = try await body(folder)
            try await FileSystem.shared.removeItem(at: path)
            return value
        } catch {
            try await FileSystem.shared.removeItem(at: path)
            throw error
        }
    }

    func location(_ name: String) -> FilePath { FilePath("\(path)/served/\(name)") }

    func write(_ content: [UInt8], to name: String) async throws {
        let location = location(name)
        try await FileSystem.shared.createDirectory(
            at: location.removingLastComponent(),
            withIntermediateDirectories: true,
            permissions: nil
        )
        try await FileSystem.shared.withFileHandle(
            forWritingAt: location,
            options: .newFile(replaceExisting: true)
        ) { file in
            _ = try await file.write(contentsOf: content, toAbsoluteOffset: 0)
        }
    }

    func configuration(threshold: UInt64 = 100_000, clock: ManualClock = ManualClock()) -> OriginConfiguration {
        var configuration = OriginConfiguration(folder: "\(path)/served", dataFolder: "\(path)/data")
        configuration.threshold = threshold
        configuration.now = { clock.now }
        // Files count as finished when they are written.
        configuration.settleSeconds = 0
        return configuration
    }
}

/// An origin and a way to ask it.
struct OriginFixture: Sendable {
    let origin: Origin
    let client: any TestClientProtocol
    let folder: RepositoryFolder
    let clock: ManualClock

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` against an origin over these files.
    static func with<Value: Sendable>(
        _ files: [String: [UInt8]],
        rules: AccessRules = .open,
        publicURL: String? = nil,
        setup: TestingSetup = .router,
        _ body: @Sendable (OriginFixture) async throws -> Value
    ) async throws -> Value {
        try await RepositoryFolder.with(files) { folder in
            let clock = ManualClock()
            var configuration = folder.configuration(clock: clock)
            configuration.rules = rules
            configuration.publicURL = publicURL.flatMap { HTTPAddress($0) }
            let origin = try await Origin(configuration, logger: logger)
            let application = Application(
                responder: origin.responder,
                configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
                logger: logger
            )
            return try await application.test(setup) { client in
                try await body(OriginFixture(origin: origin, client: client, folder: folder, clock: clock))
            }
        }
    }

    func send(
        _ method: HTTPRequest.Method,
        _ uri: String,
        token: String? = nil,
        headers: HTTPFields = HTTPFields(),
        body: [UInt8]? = nil
    ) async throws -> TestResponse {
        var headers = headers
        if let token { headers[.authorization] = "Bearer \(token)" }
        // Addresses in answers are absolute.
        let target = uri.hasPrefix("http://") ? HTTPAddress(uri)?.target ?? uri : uri
        return try await client.executeRequest(
            uri: target,
            method: method,
            headers: headers,
            body: body.map { ByteBuffer(bytes: $0) }
        )
    }

    func get(_ uri: String, token: String? = nil, headers: HTTPFields = HTTPFields()) async throws -> TestResponse {
        try await send(.get, uri, token: token, headers: headers)
    }

    /// A token for the CAS.
    func casToken(
        _ kind: String = "read",
        _ repository: String = "models/acme/demo",
        token: String? = nil
    ) async throws -> String {
        let answer = try await get("/api/\(repository)/xet-\(kind)-token/main", token: token)
        return try answer.json(TokenBody.self).accessToken
    }
}

extension TestResponse {
    var bytes: [UInt8] { Array(buffer: body) }
    var text: String { String(buffer: body) }

    func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// Any JSON object.
    func object() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
    }
}

extension HTTPFields {
    static func range(_ value: String) -> HTTPFields {
        var fields = HTTPFields()
        fields[.range] = value
        return fields
    }
}

extension RepositoryFolder {
    /// Changes a byte in the first chunk of every stored xorb.
    func damageXorbs() async throws {
        let fileSystem = FileSystem.shared
        for folder in try await fileSystem.entries(of: FilePath("\(path)/data/xorbs")) {
            for file in try await fileSystem.entries(of: folder.path) {
                try await fileSystem.withFileHandle(
                    forReadingAndWritingAt: file.path,
                    options: .modifyFile(createIfNecessary: false)
                ) { handle in
                    let offset: Int64 = 100
                    var byte = try await handle.readChunk(fromAbsoluteOffset: offset, length: .bytes(1))
                    let value = byte.readInteger(as: UInt8.self) ?? 0
                    _ = try await handle.write(contentsOf: [value ^ 1], toAbsoluteOffset: offset)
                }
            }
        }
    }
}

extension OriginFixture {
    /// A xorb with all chunks of a file.
    static func xorb(of content: [UInt8]) throws -> SerializedXorb {
        var builder = XorbBuilder()
        var start = 0
        for end in Chunker.cuts(of: content) {
            let chunk = Array(content[start..<end])
            try builder.append(chunk.rawSpan, hash: ChunkHash(ofChunk: chunk))
            start = end
        }
        return try builder.finish()
    }

    /// A file of ranges of xorbs, with its proofs and without SHA-256.
    static func file(_ parts: [(XorbIndex, Range<Int>)]) throws -> ShardFile {
        var tree = MerkleTree()
        var terms: [Term] = []
        var verification: [VerificationHash] = []
        for (index, chunks) in parts {
            let range = try #require(ChunkRange(start: chunks.lowerBound, end: chunks.upperBound))
            let byteCount = try #require(index.unpackedByteCount(of: range))
            terms.append(try Term(xorb: index.hash, chunks: range, unpackedByteCount: byteCount))
            verification.append(try #require(index.verificationHash(of: range)))
            for chunk in chunks {
                tree.append(index.chunkHashes[chunk], byteCount: index.unpackedByteCount(of: chunk))
            }
        }
        return try ShardFile(hash: tree.fileHash, terms: terms, verification: verification, sha256: nil)
    }
}
