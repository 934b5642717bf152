import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetOrigin

@Suite struct BridgeRouteTests {
    private static let content = Inputs.splitmix(250_000, seed: 211) + Inputs.lines(250_000)
    private static let files: [String: [UInt8]] = ["spaces/acme/app/weights v1/ü #?%.bin": content]
    private static let path = "/spaces/acme/app/resolve/main/weights%20v1/%C3%BC%20%23%3F%25.bin"

    private func location(_ origin: OriginFixture) async throws -> String {
        try #require(try await origin.get(Self.path).headers[.location])
    }

    @Test func `gives any part`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let location = try await location(origin)
            let whole = try await origin.get(location)
            #expect(whole.status == .ok)
            let same = whole.bytes == Self.content
            #expect(same)
            for (range, expected) in [
                ("bytes=0-0", 0..<1), ("bytes=100000-399999", 100_000..<400_000), ("bytes=-5", 499_995..<500_000),
                ("bytes=499999-", 499_999..<500_000),
            ] {
                let part = try await origin.get(location, headers: .range(range))
                #expect(part.status == .partialContent)
                let same = part.bytes == Array(Self.content[expected])
                #expect(same, "\(range)")
                let contentRange = "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/500000"
                #expect(part.headers[.contentRange] == contentRange)
            }
            let beyond = try await origin.get(location, headers: .range("bytes=500000-"))
            #expect(beyond.status == .rangeNotSatisfiable)
        }
    }

    @Test func `answers HEAD with all that clients look for`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let answer = try await origin.send(.head, try await location(origin))
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentLength] == "500000")
            #expect(answer.bytes.isEmpty)
            for name in [HTTPField.Name.repoCommit, .eTag, .linkedSize, .linkedETag, .xetHash, .link] {
                #expect(answer.headers[name] != nil, "\(name)")
            }
        }
    }

    @Test func `ends`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let location = try await location(origin)
            origin.clock.advance(by: OriginConfiguration.defaultLifetime - 1)
            #expect(try await origin.get(location, headers: .range("bytes=0-0")).status == .partialContent)
            origin.clock.advance(by: 1)
            #expect(try await origin.get(location, headers: .range("bytes=0-0")).status == .forbidden)
        }
    }

    @Test func `is good for what was signed only`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let location = try await location(origin)
            let other = location.replacingOccurrences(of: "weights%20v1", with: "weights%20v2")
            let later = location.replacingOccurrences(of: "expires=1", with: "expires=2")
            let unsigned = String(location.prefix { $0 != "?" })
            for address in [other, later, unsigned, unsigned + "?signature=00&expires=9999999999"] {
                #expect(address != location)
                #expect(try await origin.get(address).status == .forbidden)
            }
        }
    }

    @Test func `breaks off when a xorb is damaged`() async throws {
        try await OriginFixture.with(Self.files, setup: .live) { origin in
            let location = try await location(origin)
            try await origin.folder.damageXorbs()
            await #expect(throws: (any Error).self) { _ = try await origin.get(location) }
        }
    }
}
