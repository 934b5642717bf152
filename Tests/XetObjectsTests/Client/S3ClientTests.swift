import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import XetAccess
import XetClient
import XetClientTestSupport
import XetWire

@testable import XetObjects

@Suite(.timeLimit(.minutes(5))) struct S3ClientTests {
    private func failure(_ body: () async throws -> Void) async -> ObjectStoreError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? ObjectStoreError
        }
    }

    private func expect(
        _ kind: ObjectStoreError.Kind,
        _ body: () async throws -> Void,
        at place: SourceLocation = #_sourceLocation
    ) async {
        let error = await failure(body)
        #expect(error?.kind == kind, "\(error?.message ?? "")", sourceLocation: place)
    }

    // MARK: What a store does

    @Test(arguments: ["", "p/q", "(P)_!"])
    func `puts once, gets, touches, lists and removes`(prefix: String) async throws {
        let store = FakeS3()
        try await StoreRig.run(prefix: prefix) {
            store.answer($0)
        } _: { rig in
            #expect(try await rig.bytes("a/b") == nil)
            #expect(try await rig.client.put(ByteBuffer(string: "hello"), as: "a/b"))
            #expect(try await rig.client.put(ByteBuffer(string: "other"), as: "a/b") == false)
            #expect(try await rig.client.put(ByteBuffer(), as: "a/c"))
            #expect(Set(store.objects.keys) == Set(["a/b", "a/c"].map { prefix.isEmpty ? $0 : "\(prefix)/\($0)" }))
            #expect(try await rig.bytes("a/b") == Array("hello".utf8))
            #expect(try await rig.bytes("a/c") == [])
            store.now += 90
            #expect(try await rig.client.get("a/b", range: nil) { $0.age } == .seconds(90))
            try await rig.client.touch("a/b")
            #expect(try await rig.client.get("a/b", range: nil) { $0.age } == .zero)
            try await rig.client.touch("a/x")
            let listed = try await rig.client.list("a/", after: nil)
            #expect(
                listed == [
                    ListedObject(name: "a/b", byteCount: 5, time: store.now),
                    ListedObject(name: "a/c", byteCount: 0, time: store.now - 90),
                ]
            )
            #expect(try await rig.client.list("a/", after: "a/c").isEmpty)
            try await rig.client.remove("a/b")
            try await rig.client.remove("a/b")
            #expect(try await rig.bytes("a/b") == nil)
            #expect(rig.server.requests.allSatisfy { $0.headers["content-length"].count <= 1 })
        }
    }

    @Test func `gets a part, and knows the length of all`() async throws {
        let store = FakeS3()
        store.objects["p/q/a"] = FakeS3.Object(bytes: Array("0123456789".utf8), time: store.now)
        try await StoreRig.run {
            store.answer($0)
        } _: { (rig) async throws in
            #expect(try await rig.bytes("a", 2..<5) == Array("234".utf8))
            #expect(try await rig.bytes("a", 9..<10) == Array("9".utf8))
            #expect(try await rig.bytes("a", 8..<11) == Array("89".utf8))
            #expect(try await rig.client.get("a", range: 2..<5) { $0.byteCount } == 10)
            #expect(try await rig.client.get("a", range: 0..<99) { $0.byteCount } == 10)
            #expect(try await rig.bytes("b", 2..<5) == nil)
            for range in [10..<12, 3..<3] {
                await expect(.invalid) { _ = try await rig.bytes("a", range) }
            }
        }
    }

    @Test func `signs what goes to a bucket by its host`() async throws {
        let store = FakeS3(isByHost: true)
        try await ScriptedServer.run {
            store.answer($0)
        } _: { server in
            // The name leads to the same server through a proxy, as no name of a bucket can be resolved here.
            var configuration = UpstreamHTTP.Configuration.patient
            configuration.proxies = OutboundProxies(http: OutboundProxy(server.origin))
            try await withUpstream(configuration) { http in
                var settings = ObjectStoreSettings(try S3Location(bucket: "models"))
                settings.endpoint = HTTPAddress("http://store.example:8080")
                settings.addressing = .virtual
                let client = try S3Client(settings, credentials: .sample, http: http)
                #expect(try await client.put(ByteBuffer(string: "x"), as: "a") == true)
            }
            #expect(server.requests.first?.headers["host"] == ["models.store.example:8080"])
            #expect(server.requests.first?.target == "http://models.store.example:8080/a")
        }
    }

    @Test func `lists in pages, past what is not ours`() async throws {
        let store = FakeS3(pageCount: 2)
        for key in ["p/q/A", "p/q/B x", "p/q/a", "p/q/b/c", "p/q/d_e", "p/q/f", "p/qq", "p/q/~"] {
            store.objects[key] = FakeS3.Object(bytes: [1], time: 5)
        }
        try await StoreRig.run {
            store.answer($0)
        } _: { rig in
            var names: [String] = []
            while case let page = try await rig.client.list("", after: names.last).map(\.name), !page.isEmpty {
                names += page
            }
            #expect(names == ["a", "b/c", "f"])
        }
    }

    // MARK: What it does with a body

    @Test func `a body that ends too early is an error, whoever reads it`() async throws {
        try await StoreRig.run { _ in
            var answer = ScriptedAnswer(200, [], Array("hello".utf8))
            answer.announcedByteCount = 10
            answer.isBroken = true
            return answer
        } _: { rig in
            await expect(.away) { _ = try await rig.bytes("a") }
        }
    }

    @Test func `a body without a length is refused`() async throws {
        try await StoreRig.run { _ in
            var answer = ScriptedAnswer(200, [], Array("hello".utf8))
            answer.isChunked = true
            return answer
        } _: { rig in
            await expect(.invalid) { _ = try await rig.bytes("a") }
        }
    }

    @Test func `a body is read once`() async throws {
        try await StoreRig.run { _ in
            ScriptedAnswer(200, [], [1, 2])
        } _: { rig in
            let second = try await rig.client.get("a", range: nil) { object in
                for try await _ in object.bytes {}
                return await failure { for try await _ in object.bytes {} }
            }
            #expect(second??.kind == .invalid)
        }
    }

    @Test func `what the reader throws is what it gets`() async throws {
        struct Stop: Error {}
        try await StoreRig.run { _ in
            ScriptedAnswer(200, [], [UInt8](repeating: 1, count: 1 << 20))
        } _: { rig in
            await #expect(throws: Stop.self) {
                try await rig.client.get("a", range: nil) { object in
                    for try await _ in object.bytes { throw Stop() }
                }
            }
        }
    }

    @Test func `a cancelled reader ends the request`() async throws {
        let (seen, seeing) = AsyncStream.makeStream(of: Void.self)
        try await StoreRig.run { _ in
            seeing.yield()
            var answer = ScriptedAnswer()
            answer.isSilent = true
            return answer
        } _: { rig in
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await rig.bytes("a") }
                for await _ in seen { break }
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
        }
    }

    // MARK: What goes wrong

    @Test(
        arguments: [
            (403, "AccessDenied", .denied), (403, "InvalidAccessKeyId", .denied),
            (403, "SignatureDoesNotMatch", .denied),
            (403, "RequestTimeTooSkewed", .denied), (404, "NoSuchBucket", .denied), (401, "", .denied),
            (403, "", .denied),
            (503, "SlowDown", .away), (500, "InternalError", .away), (502, "", .away), (429, "", .away),
            (507, "", .full), (507, "XMinioStorageFull", .full), (403, "QuotaExceeded", .full),
            (400, "RequestTimeout", .slow), (504, "", .slow), (400, "InvalidArgument", .invalid), (418, "", .invalid),
            (206, "", .invalid),
        ] as [(Int, String, ObjectStoreError.Kind)]
    )
    func `errors are told apart`(status: Int, code: String, kind: ObjectStoreError.Kind) async throws {
        try await StoreRig.run { _ in
            code.isEmpty ? ScriptedAnswer(status) : FakeS3.error(status, code)
        } _: { rig in
            for call in calls(rig.client) {
                let error = await failure(call)
                #expect(error?.kind == kind, "\(error?.message ?? "")")
                #expect(error?.message.contains("models") == true)
                #expect(error?.message.contains(code.isEmpty ? "\(status)" : code) == true)
                #expect(error?.message.contains("for people") == false)
            }
        }
    }

    private func calls(_ client: S3Client) -> [() async throws -> Void] {
        [
            { _ = try await client.get("a", range: nil) { _ in } },
            { _ = try await client.put(ByteBuffer(string: "x"), as: "a") },
            { try await client.remove("a") },
            { try await client.touch("a") },
            { _ = try await client.list("a", after: nil) },
        ]
    }

    @Test(arguments: [301, 307])
    func `a bucket elsewhere is named, and nobody else is asked`(status: Int) async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer()
        } _: { other in
            let origin = other.origin
            try await StoreRig.run { _ in
                ScriptedAnswer(status, [("Location", origin), ("x-amz-bucket-region", "eu-west-1")])
            } _: { rig in
                for call in calls(rig.client) {
                    let error = await failure(call)
                    #expect(error?.kind == .denied)
                    #expect(error?.message.contains("eu-west-1") == true)
                }
            }
            #expect(other.requests.isEmpty)
        }
    }

    @Test func `the region that a store wants is named`() async throws {
        try await StoreRig.run { _ in
            FakeS3.error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")
        } _: { rig in
            let error = await failure { try await rig.client.remove("a") }
            #expect(error?.kind == .denied)
            #expect(error?.message.contains("eu-west-1") == true)
        }
    }

    @Test func `a region is only news where the bucket is elsewhere`() async throws {
        try await StoreRig.run { _ in
            FakeS3.error(403, "AccessDenied", "<Region>eu-west-1</Region>")
        } _: { (rig) async throws in
            let error = await failure { try await rig.client.remove("a") }
            #expect(error?.message.contains("eu-west-1") == false)
        }
    }

    @Test(arguments: [ScriptedAnswer(501), FakeS3.error(400, "NotImplemented")])
    func `a store that cannot put on condition is told from others`(answer: ScriptedAnswer) async throws {
        try await StoreRig.run { _ in
            answer
        } _: { rig in
            let error = await failure { try await rig.client.put(ByteBuffer(string: "x"), as: "a") }
            #expect(error?.kind == .invalid)
            #expect(error?.message.contains("If-None-Match") == true)
        }
    }

    @Test func `a put that meets another is made once more`() async throws {
        let answers = Mutex([FakeS3.error(409, "ConditionalRequestConflict"), FakeS3.error(412, "PreconditionFailed")])
        try await StoreRig.run { _ in
            answers.withLock { $0.removeFirst() }
        } _: { (rig) async throws in
            #expect(try await rig.client.put(ByteBuffer(string: "x"), as: "a") == false)
            #expect(rig.server.requests.map(\.body) == [Array("x".utf8), Array("x".utf8)])
        }
        try await StoreRig.run { _ in
            FakeS3.error(409, "ConditionalRequestConflict")
        } _: { rig in
            await expect(.away) { try await rig.client.put(ByteBuffer(string: "x"), as: "a") }
            #expect(rig.server.requests.count == 2)
        }
    }

    @Test func `a copy may fail in its body`() async throws {
        let answers = Mutex([
            FakeS3.error(200, "SlowDown"), FakeS3.error(200, "NoSuchKey"), ScriptedAnswer(200, [], Array("ok".utf8)),
        ])
        try await StoreRig.run { _ in
            answers.withLock { $0.removeFirst() }
        } _: { rig in
            await expect(.away) { try await rig.client.touch("a") }
            try await rig.client.touch("a")
            await expect(.invalid) { try await rig.client.touch("a") }
        }
    }

    @Test(arguments: [
        "", "no", "<ListBucketResult/>", "<Other><IsTruncated>false</IsTruncated></Other>",
        "<ListBucketResult><IsTruncated>maybe</IsTruncated></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>else</Key></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents></ListBucketResult>",
        """
        <ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/q/a</Key><Size>-1</Size>\
        <LastModified>2020-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>
        """,
        """
        <ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/q/a</Key><Size>1</Size>\
        <LastModified>yesterday</LastModified></Contents></ListBucketResult>
        """,
        """
        <ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents><Key>%zz</Key>\
        </Contents></ListBucketResult>
        """,
    ])
    func `what is no list, or does not go on, is an error`(body: String) async throws {
        try await StoreRig.run { _ in
            ScriptedAnswer(200, [], Array(body.utf8))
        } _: { rig in
            await expect(.invalid) { _ = try await rig.client.list("", after: nil) }
        }
    }

    @Test func `a list that begins again is an error`() async throws {
        let store = FakeS3()
        store.objects["p/q/a"] = FakeS3.Object(bytes: [], time: 1)
        try await StoreRig.run { request in
            request.target.contains("start-after") ? FakeS3.error(400, "unused") : store.answer(request)
        } _: { (rig) async throws in
            #expect(try await rig.client.list("", after: nil).count == 1)
        }
        let page =
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/q/a</Key><Size>1</Size>"
            + "<LastModified>2020-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>"
        try await StoreRig.run { _ in
            ScriptedAnswer(200, [], Array(page.utf8))
        } _: { rig in
            await expect(.invalid) { _ = try await rig.client.list("", after: "a") }
        }
    }

    @Test func `an error that is too long is known by its status`() async throws {
        try await StoreRig.run { _ in
            ScriptedAnswer(403, [], [UInt8](repeating: 0x20, count: 100_000))
        } _: { rig in
            await expect(.denied) { try await rig.client.remove("a") }
        }
    }

    @Test func `what is no code is not shown`() async throws {
        try await StoreRig.run { _ in
            FakeS3.error(403, "Bad code\u{7F}")
        } _: { rig in
            let error = await failure { try await rig.client.remove("a") }
            #expect(error?.message.contains("status 403") == true)
        }
    }

    @Test(arguments: ["", "/a", "../a", "A", "a b"])
    func `a name that is none is not asked for`(name: String) async throws {
        try await StoreRig.run { _ in
            ScriptedAnswer()
        } _: { rig in
            await expect(.invalid) { _ = try await rig.bytes(name) }
            await expect(.invalid) { try await rig.client.put(ByteBuffer(), as: name) }
            await expect(.invalid) { try await rig.client.touch(name) }
            await expect(.invalid) { try await rig.client.remove(name) }
            #expect(rig.server.requests.isEmpty)
        }
    }

    @Test func `a store that is away or silent`() async throws {
        try await StoreRig.run { _ in
            .dropped
        } _: { rig in
            for call in calls(rig.client) { await expect(.away, call) }
        }
        try await StoreRig.run(headTimeout: .milliseconds(1)) { _ in
            var answer = ScriptedAnswer()
            answer.isSilent = true
            return answer
        } _: { rig in
            await expect(.slow) { try await rig.client.remove("a") }
        }
    }

    @Test func `a list or a copy that does not end is too slow`() async throws {
        try await StoreRig.run(bodyTimeout: .milliseconds(1)) { _ in
            var answer = ScriptedAnswer(200, [], Array("<ListBucketResult>".utf8))
            answer.announcedByteCount = 1000
            return answer
        } _: { (rig) async throws in
            await expect(.slow) { _ = try await rig.client.list("", after: nil) }
            await expect(.slow) { try await rig.client.touch("a") }
        }
    }

    // MARK: Credentials

    @Test func `a wrong key is refused, and not shown`() async throws {
        let store = FakeS3()
        let wrong = S3CredentialCache(SampleCredentials { S3Credentials(keyID: "AKID", secret: "guessed") })
        try await StoreRig.run(credentials: wrong) {
            store.answer($0)
        } _: { rig in
            let error = await failure { try await rig.client.remove("a") }
            #expect(error?.kind == .denied)
            #expect(error?.message.contains("SignatureDoesNotMatch") == true)
            #expect(error?.message.contains("guessed") == false)
        }
    }

    @Test func `keys that have ended are replaced once`() async throws {
        let store = FakeS3()
        store.secrets = ["NEW": "new"]
        let count = Mutex(0)
        // The clock moves: within seconds of the last request nobody is asked again.
        let time = Mutex<Int64>(0)
        let cache = S3CredentialCache(
            SampleCredentials {
                let isFirst = count.withLock { count in
                    count += 1
                    return count == 1
                }
                return S3Credentials(keyID: isFirst ? "OLD" : "NEW", secret: isFirst ? "old" : "new")
            },
            now: {
                time.withLock { time in
                    time += 60
                    return HTTPDate(unixSeconds: time)
                }
            }
        )
        try await StoreRig.run(credentials: cache) {
            store.answer($0)
        } _: { (rig) async throws in
            #expect(try await rig.client.put(ByteBuffer(string: "x"), as: "a"))
            #expect(try await rig.client.put(ByteBuffer(string: "x"), as: "b"))
            #expect(rig.server.requests.count == 3)
            #expect(count.withLock { $0 } == 2)
            store.secrets = [:]
            await expect(.denied) { try await rig.client.remove("a") }
            // The new ones are the same: another request would end as the first did.
            #expect(rig.server.requests.count == 4)
        }
    }

    @Test func `without credentials nothing is asked`() async throws {
        let none = S3CredentialCache(SampleCredentials { nil })
        try await StoreRig.run(credentials: none) { _ in
            ScriptedAnswer()
        } _: { rig in
            for call in calls(rig.client) { await expect(.noCredentials, call) }
            #expect(rig.server.requests.isEmpty)
        }
    }
}
