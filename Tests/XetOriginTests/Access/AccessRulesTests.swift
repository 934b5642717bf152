import Testing
import XetCore

@testable import XetOrigin

@Suite struct AccessRulesTests {
    private static let json = """
        {"private": ["models/acme/secret"], "gated": ["models/acme/gated"],
         "tokens": {"t1": {"name": "alice", "read": ["models/acme/*"]},
                    "t2": {"name": "bob", "write": ["models/acme/secret"]},
                    "t3": {"name": "carol"}}}
        """

    private let open: Repository
    private let secret: Repository
    private let gated: Repository

    init() throws {
        open = try #require(Repository(kind: .model, name: "acme/open"))
        secret = try #require(Repository(kind: .model, name: "acme/secret"))
        gated = try #require(Repository(kind: .model, name: "acme/gated"))
    }

    @Test func `knows callers by their tokens`() throws {
        let rules = try AccessRules(json: Self.json.utf8)
        #expect(rules.caller(nil) == .anonymous)
        #expect(rules.caller("t1") == .user("alice"))
        #expect(rules.caller("t4") == nil)
        #expect(rules.caller("") == nil)
        #expect(rules.caller("alice") == nil)
    }

    @Test func `shows and gives what each may have`() throws {
        let rules = try AccessRules(json: Self.json.utf8)
        let callers: [Caller] = [.anonymous, .user("alice"), .user("bob"), .user("carol")]
        #expect(callers.map { rules.maySee(open, $0) } == [true, true, true, true])
        #expect(callers.map { rules.mayRead(open, $0) } == [true, true, true, true])
        #expect(callers.map { rules.maySee(secret, $0) } == [false, true, true, false])
        #expect(callers.map { rules.mayRead(secret, $0) } == [false, true, true, false])
        #expect(callers.map { rules.maySee(gated, $0) } == [true, true, true, true])
        #expect(callers.map { rules.mayRead(gated, $0) } == [false, true, false, false])
        #expect(callers.map { rules.mayWrite(secret, $0) } == [false, false, true, false])
        #expect(callers.map { rules.mayWrite(open, $0) } == [false, false, false, false])
    }

    @Test func `without a file everything is public`() {
        let rules = AccessRules.open
        #expect(rules.caller(nil) == .anonymous)
        #expect(rules.caller("anything") == .user("user"))
        #expect(rules.mayRead(secret, .anonymous))
        #expect(!rules.mayWrite(secret, .anonymous))
        #expect(rules.mayWrite(secret, .user("user")))
    }

    @Test func `an empty file means no tokens`() throws {
        let rules = try AccessRules(json: "{}".utf8)
        #expect(rules.caller("anything") == nil)
        #expect(rules.mayRead(secret, .anonymous))
    }

    @Test(arguments: [
        (#"{"privat": []}"#, AccessRulesError.unknownKey("privat")),
        (#"{"tokens": {"t": {"name": "a", "reads": []}}}"#, .unknownKey("reads")),
        (#"{"private": ["acme/secret"]}"#, .invalidPattern("acme/secret")),
        (#"{"tokens": {"t": {"name": "a", "read": ["x"]}}}"#, .invalidPattern("x")),
        (#"{"tokens": {"": {"name": "a"}}}"#, .invalidToken),
        (#"{"tokens": {"a b": {"name": "a"}}}"#, .invalidToken),
        (#"{"tokens": {"t": {"name": ""}}}"#, .emptyName),
        (#"{"tokens": {"t": {}}}"#, .emptyName),
    ])
    func `refuses what could leave open what it should close`(json: String, error: AccessRulesError) {
        #expect(throws: error) { try AccessRules(json: json.utf8) }
    }

    @Test(arguments: ["", "[]", #"{"private": "models/a/b"}"#, #"{"tokens": []}"#])
    func `refuses other JSON`(json: String) throws {
        let error = try #require(throws: AccessRulesError.self) { try AccessRules(json: json.utf8) }
        guard case .malformed = error else {
            Issue.record("\(error)")
            return
        }
    }
}
