import HTTPTypes
import Testing

@testable import XetProxy

@Suite struct ClientKindTests {
    @Test(arguments: [
        ("hf_xet/1.8.0", ClientKind.xet), ("unknown/None; hf_hub/2.4.0; hf_xet/1.8.0", .xet),
        ("unknown/None; hf_hub/2.4.0; python/3.11.7", .plain), ("curl/8.0", .plain), ("aria2/1.37", .plain),
        ("llama-cpp", .plain), ("hf_xet", .plain), ("", .plain),
    ])
    func `by their name`(agent: String, kind: ClientKind) {
        let fields: HTTPFields = [.userAgent: agent]
        #expect(
            ClientKind(HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/", headerFields: fields)) == kind
        )
    }

    @Test func `without one`() {
        #expect(ClientKind(HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/")) == .plain)
    }
}
