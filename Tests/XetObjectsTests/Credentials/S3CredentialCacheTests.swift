import Synchronization
import Testing
import XetAccess
import XetWire

@testable import XetObjects

@Suite(.timeLimit(.minutes(5))) struct S3CredentialCacheTests {
    /// A source whose answers a test sets, and a clock.
    private final class Rig: Sendable {
        struct State {
            var now: Int64 = 1_000_000
            var answers: [Result<S3Credentials?, ObjectStoreError>] = []
            var count = 0
        }

        let state = Mutex(State())

        var count: Int { state.withLock { $0.count } }

        func cache() -> S3CredentialCache {
            S3CredentialCache(
                SampleCredentials {
                    let answer = self.state.withLock { state in
                        state.count += 1
                        return state.answers.count > 1 ? state.answers.removeFirst() : state.answers.first
                    }
                    return try answer?.get()
                },
                now: { HTTPDate(unixSeconds: self.state.withLock { $0.now }) }
            )
        }

        func advance(_ seconds: Int64) { state.withLock { $0.now += seconds } }

        func set(_ answers: Result<S3Credentials?, ObjectStoreError>...) { state.withLock { $0.answers = answers } }

        /// A key that ends so many seconds after the clock's beginning.
        static func key(_ name: String, ending seconds: Int64? = nil) -> S3Credentials? {
            S3Credentials(keyID: name, secret: "s", expiration: seconds.map { 1_000_000 + $0 })
        }
    }

    @Test func `a key without an end is asked for once`() async throws {
        let rig = Rig()
        let cache = rig.cache()
        rig.set(.success(Rig.key("A")))
        for _ in 0..<3 {
            #expect(try await cache.credentials().keyID == "A")
            rig.advance(1_000_000)
        }
        #expect(rig.count == 1)
    }

    @Test func `a key is renewed five minutes before it ends`() async throws {
        let rig = Rig()
        let cache = rig.cache()
        rig.set(.success(Rig.key("A", ending: 1000)), .success(Rig.key("B", ending: 5000)))
        #expect(try await cache.credentials().keyID == "A")
        rig.advance(699)
        #expect(try await cache.credentials().keyID == "A")
        #expect(rig.count == 1)
        rig.advance(1)
        #expect(try await cache.credentials().keyID == "B")
        #expect(rig.count == 2)
    }

    @Test func `an old key is good while no new one can be had`() async throws {
        let rig = Rig()
        let cache = rig.cache()
        let failure = ObjectStoreError(.away, "STS is away")
        rig.set(.success(Rig.key("A", ending: 1000)), .failure(failure))
        #expect(try await cache.credentials().keyID == "A")
        rig.advance(800)
        #expect(try await cache.credentials().keyID == "A")
        #expect(try await cache.credentials().keyID == "A")
        // Within seconds of a failure nobody asks again.
        #expect(rig.count == 2)
        rig.advance(10)
        #expect(try await cache.credentials().keyID == "A")
        #expect(rig.count == 3)
        rig.advance(190)
        await #expect(throws: failure) { try await cache.credentials() }
    }

    @Test func `a key that has ended already is none`() async {
        let rig = Rig()
        rig.set(.success(Rig.key("A", ending: 0)))
        let error = await #expect(throws: ObjectStoreError.self) { try await rig.cache().credentials() }
        #expect(error?.kind == .noCredentials)
    }

    @Test func `nobody who has none keeps others from asking again`() async throws {
        let rig = Rig()
        let cache = rig.cache()
        rig.set(.success(nil), .success(Rig.key("A")))
        let error = await #expect(throws: ObjectStoreError.self) { try await cache.credentials() }
        #expect(error?.kind == .noCredentials)
        #expect(error?.message.contains("what the test has") == true)
        #expect(try await cache.credentials().keyID == "A")
    }

    @Test func `many ask once, and learn of a failure together`() async throws {
        for answer in [.success(Rig.key("A")), .failure(ObjectStoreError(.away, "away"))]
            as [Result<S3Credentials?, ObjectStoreError>]
        {
            let (waiting, arriving) = AsyncStream.makeStream(of: Void.self)
            let count = Mutex(0)
            let gate = AsyncStream.makeStream(of: Void.self)
            let cache = S3CredentialCache(
                SampleCredentials {
                    count.withLock { $0 += 1 }
                    arriving.yield()
                    for await _ in gate.stream {}
                    return try answer.get()
                }
            )
            await withTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { try? await cache.credentials().keyID } }
                for await _ in waiting { break }
                gate.continuation.finish()
                for await keyID in group { #expect(keyID == (try? answer.get())?.keyID) }
            }
            // Who comes when all have left asks anew, so that a failure may be seen more than once.
            if case .success = answer { #expect(count.withLock { $0 } == 1) }
        }
    }

    @Test func `refused keys are replaced if there are others`() async throws {
        let rig = Rig()
        let cache = rig.cache()
        rig.set(.success(Rig.key("A")), .success(Rig.key("A")), .success(Rig.key("B")))
        let first = try await cache.credentials()
        // Asked for just now: others would not be there yet.
        #expect(try await cache.replacement(for: first) == nil)
        #expect(rig.count == 1)
        rig.advance(10)
        #expect(try await cache.replacement(for: first) == nil)
        #expect(rig.count == 2)
        rig.advance(10)
        #expect(try await cache.replacement(for: first)?.keyID == "B")
        // Somebody else's are there already.
        #expect(try await cache.replacement(for: first)?.keyID == "B")
        #expect(rig.count == 3)
    }

    @Test func `a cancelled caller leaves the others`() async throws {
        let (waiting, arriving) = AsyncStream.makeStream(of: Void.self)
        let count = Mutex(0)
        let cache = S3CredentialCache(
            SampleCredentials {
                let isFirst = count.withLock { count in
                    count += 1
                    return count == 1
                }
                arriving.yield()
                if isFirst {
                    for await _ in AsyncStream.makeStream(of: Void.self).stream {}
                    throw CancellationError()
                }
                return Rig.key("A")
            }
        )
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                await withTaskGroup(of: String?.self) { inner in
                    inner.addTask { try? await cache.credentials().keyID }
                    for await _ in waiting { break }
                    inner.cancelAll()
                    return await inner.next() ?? nil
                }
            }
            #expect(await group.next() == .some(nil))
        }
        #expect(try await cache.credentials().keyID == "A")
    }
}
