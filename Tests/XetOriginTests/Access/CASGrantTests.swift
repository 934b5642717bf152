import Foundation
import Testing
import XetCore
import XetWire

@testable import XetOrigin

@Suite struct CASGrantTests {
    private let signer = Signer(key: [UInt8](repeating: 1, count: 32))

    private func grant(_ caller: Caller = .user("al:ice é"), _ access: CASGrant.Access = .read) throws -> CASGrant {
        let repository = try #require(Repository(kind: .dataset, name: "acme/data.v1"))
        return CASGrant(access: access, repository: repository, caller: caller, expiration: 1000)
    }

    @Test(arguments: [Caller.anonymous, .user("alice"), .user("al:ice é")], [CASGrant.Access.read, .write])
    func `comes back from its token`(caller: Caller, access: CASGrant.Access) throws {
        let grant = try grant(caller, access)
        let token = grant.token(signer)
        #expect(token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        #expect(CASGrant(token: token, signer: signer, now: 999) == grant)
    }

    @Test func `ends`() throws {
        let token = try grant().token(signer)
        #expect(CASGrant(token: token, signer: signer, now: 1000) == nil)
    }

    @Test func `cannot be changed`() throws {
        let token = try grant().token(signer)
        for (part, replacement) in [("read", "write"), ("dataset", "model"), ("1000", "9999"), ("acme", "evil")] {
            let changed = token.replacingOccurrences(of: part, with: replacement)
            #expect(changed != token)
            #expect(CASGrant(token: changed, signer: signer, now: 0) == nil)
        }
        for text in ["", ":", ":::::", "read:dataset:acme%2Fdata.v1::1000", String(token.dropLast())] {
            #expect(CASGrant(token: text, signer: signer, now: 0) == nil)
        }
    }
}
