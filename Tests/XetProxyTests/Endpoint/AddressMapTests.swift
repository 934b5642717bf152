import HTTPTypes
import Testing
import XetCore
import XetWire

@testable import XetProxy

@Suite struct AddressMapTests {
    private let signer = Signer(key: [UInt8](repeating: 3, count: 32))

    private func map(hub: String = "https://hub.example", proxy: String = "http://proxy:8080") throws -> AddressMap {
        AddressMap(
            hub: try #require(HTTPAddress(hub)),
            proxy: try #require(HTTPAddress(proxy)),
            signer: signer,
            now: 1000
        )
    }

    private func address(_ text: String) throws -> HTTPAddress { try #require(HTTPAddress(text)) }

    /// What an address of the proxy gives the right to.
    private func opened(_ address: HTTPAddress, prefix: String = "/addresses/") -> AddressCapability? {
        guard address.target.hasPrefix(prefix) else { return nil }
        return AddressCapability(sealed: String(address.target.dropFirst(prefix.count)), signer, now: 1000)
    }

    @Test(arguments: [
        ("https://hub.example/api/models/a/b?x=1", "http://proxy:8080/api/models/a/b?x=1"),
        ("https://HUB.example:443/a/b/resolve/main/x%20y", "http://proxy:8080/a/b/resolve/main/x%20y"),
        ("https://hub.example/a/b.git/info/lfs/objects/verify", "http://proxy:8080/a/b.git/info/lfs/objects/verify"),
        ("https://hub.example/api/complete_multipart?a=b", "http://proxy:8080/api/complete_multipart?a=b"),
    ])
    func `addresses of the Hub`(text: String, expected: String) throws {
        let map = try map()
        #expect(map.replacement(for: try address(text), method: .get).absolute == expected)
        #expect(map.passedOn(try address(text))?.absolute == expected)
    }

    @Test func `a Hub and a proxy with paths`() throws {
        let map = try map(hub: "https://hub.example/base/", proxy: "https://proxy/hf/")
        #expect(
            map.passedOn(try address("https://hub.example/base/api/models/a/b"))?.absolute
                == "https://proxy/hf/api/models/a/b"
        )
        #expect(map.passedOn(try address("https://hub.example/api/models/a/b")) == nil)
        #expect(map.passedOn(try address("https://hub.example/baseline/api/models/a/b")) == nil)
        #expect(map.base == "https://proxy/hf")
    }

    @Test(arguments: [
        "https://cdn.example/x?sig=1", "http://hub.example/api/models/a/b", "https://hub.example:8443/api/models/a/b",
        "https://hub.example.evil/api/models/a/b", "https://hub.example/xet-bridge/x",
        "https://hub.example/v1/telemetry",
        "https://hub.example/a/b/resolve/main/../x",
    ])
    func `addresses elsewhere`(text: String) throws {
        let map = try map()
        #expect(map.passedOn(try address(text)) == nil)
        let replacement = map.replacement(for: try address(text), method: .put, headers: [.init(name: "a", value: "b")])
        #expect(replacement.origin == map.proxy.origin)
        let capability = try #require(opened(replacement))
        #expect(capability.address == (try address(text)))
        #expect(capability.method == .put)
        #expect(capability.headers == [.init(name: "a", value: "b")])
    }

    @Test func `locations`() throws {
        let map = try map(proxy: "http://proxy:8080/hf")
        let from = try address("https://hub.example/old/name/resolve/main/x")
        #expect(map.location("/a/b/resolve/main/x", from: from, method: .get) == "/hf/a/b/resolve/main/x")
        #expect(
            map.location("https://hub.example/a/b/resolve/main/x", from: from, method: .get)
                == "http://proxy:8080/hf/a/b/resolve/main/x"
        )
        let elsewhere = try #require(map.location("//cdn.example/x", from: from, method: .head))
        let capability = try #require(opened(try address(elsewhere), prefix: "/hf/addresses/"))
        #expect(capability.address.absolute == "https://cdn.example/x")
        #expect(capability.method == .get)
        #expect(map.location("ftp://x/y", from: from, method: .get) == nil)
        #expect(map.location("", from: from, method: .get) == nil)
    }

    @Test func `links`() throws {
        let map = try map()
        let from = try address("https://hub.example/api/models/a/b/tree/main")
        #expect(
            map.link("<https://hub.example/api/models/a/b/tree/main?cursor=x>; rel=\"next\"", from: from)
                == "<http://proxy:8080/api/models/a/b/tree/main?cursor=x>; rel=\"next\""
        )
        #expect(
            map.link("</api/models?cursor=x>; rel=\"next\"", from: from)
                == "<http://proxy:8080/api/models?cursor=x>; rel=\"next\""
        )
        #expect(map.link("<https://evil.example/api/models>; rel=\"next\"", from: from) == nil)
    }

    @Test func `ranges of xorbs`() throws {
        let map = try map()
        let xorb = XorbHash(words: (1, 2, 3, 4))
        let range = try #require(HTTPByteRange(first: 5, last: 9))
        let own = map.xorb(xorb, at: try address("https://cdn.example/x?sig=1"), [.init(bytes: range)])
        let prefix = "/xorbs/\(xorb)/"
        #expect(own.target.hasPrefix(prefix))
        let sealed = String(own.target.dropFirst(prefix.count))
        let capability = try #require(XorbCapability(sealed: sealed, for: xorb, signer, now: 1000))
        #expect(capability.address.absolute == "https://cdn.example/x?sig=1")
        #expect(capability.ranges == [range])
    }
}
