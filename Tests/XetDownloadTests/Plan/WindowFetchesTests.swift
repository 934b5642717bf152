import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct WindowFetchesTests {
    private let executor = StepExecutor()
    private let file: SampleFile

    init() throws {
        file = try SampleFile(seed: 4, shape: .plain)
    }

    private func first(_ source: ScriptedReconstructionSource, of other: SampleFile? = nil) throws -> Reconstruction {
        let started = executor.start { [file = other ?? file] in
            try await source.reconstruction(of: file.hash, range: file.whole)
        }
        executor.runUntilIdle()
        return try #require(try started.result?.get())
    }

    private func fetches(
        _ reconstruction: Reconstruction,
        _ source: ScriptedReconstructionSource
    ) -> WindowFetches {
        WindowFetches(reconstruction, file: file.hash, window: file.whole, source: source)
    }

    private func renew(_ fetches: WindowFetches, _ info: FetchInfo, _ xorb: XorbHash) -> Started<FetchInfo> {
        executor.start { try await fetches.renewed(info, of: xorb) }
    }

    /// All fetch infos of a reconstruction with their xorbs.
    private func infos(_ reconstruction: Reconstruction) -> [(xorb: XorbHash, info: FetchInfo)] {
        reconstruction.fetches.flatMap { xorb, ranges in ranges.infos.map { (xorb, $0) } }
    }

    /// Whoever kept it may have packed it in another way.
    @Test func `what is no longer kept has an address`() throws {
        let source = ScriptedReconstructionSource(file)
        let plain = try first(source)
        let (xorb, info) = try #require(infos(plain).first)
        let bytes = try #require(HTTPByteRange(first: 0, last: UInt64(8 * info.chunks.count)))
        let kept = try FetchInfo(chunks: info.chunks, bytes: bytes, url: .kept)
        var all = plain.fetches.mapValues(\.infos)
        all[xorb] = all[xorb]?.map { $0 == info ? kept : $0 }
        let reconstruction = try Reconstruction(
            offsetIntoFirstTerm: plain.offsetIntoFirstTerm,
            terms: plain.terms,
            fetches: all
        )
        let renewal = renew(fetches(reconstruction, source), kept, xorb)
        executor.runUntilIdle()
        let renewed = try #require(renewal.value)
        #expect(renewed.url != .kept && renewed.chunks == info.chunks && renewed.bytes == info.bytes)
    }

    @Test func `a burst of refusals leads to one renewal`() throws {
        let source = ScriptedReconstructionSource(file)
        let reconstruction = try first(source)
        let fetches = fetches(reconstruction, source)
        #expect(infos(reconstruction).count == 3)
        let renewals = infos(reconstruction).flatMap { xorb, info in
            (0..<5).map { _ in (info, renew(fetches, info, xorb)) }
        }
        executor.runUntilIdle()
        for (old, renewal) in renewals {
            let renewed = try #require(renewal.value)
            #expect(renewed.url != old.url)
            #expect(renewed.chunks == old.chunks && renewed.bytes == old.bytes)
        }
        #expect(source.calls.count == 2)
        #expect(source.calls[1].range == file.whole)

        // Who still holds an old address gets the new one without a request; who was refused the new one does not.
        let (xorb, info) = try #require(infos(reconstruction).first)
        let late = renew(fetches, info, xorb)
        executor.runUntilIdle()
        let renewed = try #require(late.value)
        #expect(source.calls.count == 2)
        let again = renew(fetches, renewed, xorb)
        executor.runUntilIdle()
        #expect(again.value.map { $0.url != renewed.url } == true)
        #expect(source.calls.count == 3)
    }

    @Test func `a failed renewal is reported to who asked, and tried again by the next`() throws {
        let source = ScriptedReconstructionSource(file) { call in
            if call.number == 1 { throw XetError(.unavailable, "the CAS rests") }
        }
        let reconstruction = try first(source)
        let fetches = fetches(reconstruction, source)
        let (xorb, info) = try #require(infos(reconstruction).first)
        let (one, two) = (renew(fetches, info, xorb), renew(fetches, info, xorb))
        executor.runUntilIdle()
        #expect((one.error as? XetError)?.code == .unavailable)
        #expect(two.value != nil)
    }

    @Test func `a cancelled renewal leaves the turn to the next`() throws {
        let hold = Watched(true)
        let source = ScriptedReconstructionSource(file) { call in
            if call.number == 1 { try await hold.wait { !$0 } }
        }
        let reconstruction = try first(source)
        let fetches = fetches(reconstruction, source)
        let (xorb, info) = try #require(infos(reconstruction).first)
        let (one, two) = (renew(fetches, info, xorb), renew(fetches, info, xorb))
        executor.runUntilIdle()
        #expect(one.isWaiting && two.isWaiting)
        one.cancel()
        executor.runUntilIdle()
        #expect(one.error is CancellationError)
        #expect(two.value != nil)
    }

    @Test func `a longer range that holds the chunks does as well`() throws {
        let source = ScriptedReconstructionSource(file)
        let reconstruction = try first(source)
        let (xorb, info) = try #require(infos(reconstruction).first { $0.info.chunks.count > 1 })
        let chunks = try #require(ChunkRange(start: info.chunks.start, end: info.chunks.end - 1))
        let bytes = try #require(HTTPByteRange(first: info.bytes.first, last: info.bytes.last - 1))
        let part = try FetchInfo(chunks: chunks, bytes: bytes, url: .kept)
        let renewal = renew(fetches(reconstruction, source), part, xorb)
        executor.runUntilIdle()
        #expect(renewal.value == info)
    }

    @Test(arguments: SampleFile.Shape.allCases, 0..<40 as Range<UInt64>)
    func `chunks alone are signed by what their neighbours leave`(shape: SampleFile.Shape, seed: UInt64) throws {
        let file = try SampleFile(seed: seed, shape: shape)
        var random = SplitMix64(seed: seed)
        let source = ScriptedReconstructionSource(file)
        let reconstruction = try first(source, of: file)
        let fetches = WindowFetches(reconstruction, file: file.hash, window: file.whole, source: source)
        for term in file.terms {
            let index = try #require(file.xorbs[term.xorb]).index
            let start = Int.random(in: term.chunks.start..<term.chunks.end, using: &random)
            let end = Int.random(in: start + 1...term.chunks.end, using: &random)
            let gap = try #require(ChunkRange(start: start, end: end))
            let knowsAll = Bool.random(using: &random)
            let unknown = Int.random(in: term.chunks.start..<term.chunks.end, using: &random)
            let started = executor.start {
                try await fetches.signed(gap, of: term.xorb) { chunk in
                    guard knowsAll || chunk != unknown, let one = ChunkRange(start: chunk, end: chunk + 1) else {
                        return nil
                    }
                    return index.unpackedByteCount(of: one)
                }
            }
            executor.runUntilIdle()
            let result = try #require(started.result)
            let info = try #require(try result.get())
            #expect(info.chunks.contains(gap))
            #expect(info.bytes == index.serializedRange(of: info.chunks))
            // Where a xorb is used once, nothing else is signed.
            if knowsAll, shape == .plain { #expect(info.chunks == gap) }
        }
        let xorb = try #require(file.terms.first?.xorb)
        let none = try #require(ChunkRange(start: 8000, end: 8001))
        let started = executor.start { try await fetches.signed(none, of: xorb) { _ in 1 } }
        executor.runUntilIdle()
        let result = try #require(started.result)
        #expect(try result.get() == nil)
    }

    /// Changes of the second answer that would give other bytes at the same place.
    enum Change: CaseIterable {
        case noAnswer, otherTerms, otherOffset, narrowerRange, otherBytes, noXorb
    }

    @Test(arguments: Change.allCases)
    func `a changed layout is refused`(change: Change) throws {
        let source = ScriptedReconstructionSource(file) { _ in
        } changed: { call, answer in
            guard call.number == 1, let answer else { return answer }
            return try Self.apply(change, to: answer)
        }
        let reconstruction = try first(source)
        let fetches = fetches(reconstruction, source)
        let xorb = try #require(reconstruction.terms.last?.xorb)
        let info = try #require(reconstruction.fetches[xorb]?.infos.first)
        let renewal = renew(fetches, info, xorb)
        executor.runUntilIdle()
        let error = try #require(renewal.error as? XetError)
        #expect(error.code == .invalidResponse)
        #expect(error.cause as? ReconstructionError == .changedOnRenewal)
    }

    private static func apply(_ change: Change, to answer: Reconstruction) throws -> Reconstruction? {
        guard let last = answer.terms.last, let info = answer.fetches[last.xorb]?.infos.first,
            let narrower = ChunkRange(start: info.chunks.start + 1, end: info.chunks.end + 1),
            let longer = HTTPByteRange(first: info.bytes.first, last: info.bytes.last + 100)
        else { throw SampleFile.Impossible() }
        var fetches = answer.fetches.mapValues(\.infos)
        var terms = answer.terms
        var offset = answer.offsetIntoFirstTerm
        switch change {
        case .noAnswer: return nil
        case .otherTerms: terms.swapAt(0, terms.count - 1)
        case .otherOffset: offset += 1
        case .narrowerRange:
            fetches[last.xorb] = [try FetchInfo(chunks: narrower, bytes: longer, url: info.url)]
            terms.removeAll { $0.xorb == last.xorb }
        case .otherBytes: fetches[last.xorb] = [try FetchInfo(chunks: info.chunks, bytes: longer, url: info.url)]
        case .noXorb:
            fetches[last.xorb] = nil
            terms.removeAll { $0.xorb == last.xorb }
        }
        return try Reconstruction(offsetIntoFirstTerm: offset, terms: terms, fetches: fetches)
    }
}
