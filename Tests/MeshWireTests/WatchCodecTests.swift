import CProtos
import MeshCore
import MeshWire
import TestSupport
import Testing

@Suite struct WatchRequestCodecTests {
    @Test func anyMessageComesBackAndIsWrittenCanonically() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<500 {
                let message = numbers.watchClientMessage()
                let bytes = WatchCodec.encodeRequest(message)
                let read = try WatchCodec.decodeRequest(bytes)
                #expect(read == message)
                #expect(try Etcdserverpb__WatchRequest.repack(bytes) == bytes)
            }
        }
    }

    @Test func aWatchIsWrittenAsOnTheWire() throws {
        var options = WatchOptions()
        options.previousPairs = true
        options.includesDeletes = false
        let request = WatchCreateRequest(
            .prefix("a"),
            from: 9,
            options: options,
            progressNotify: true,
            watchID: 3,
            fragment: true
        )
        let expected: [UInt8] = [
            0x0A, 19, 0x0A, 1, 0x61, 0x12, 1, 0x62, 0x18, 9, 0x20, 1, 0x2A, 1, 1, 0x30, 1, 0x38, 3, 0x40, 1,
        ]
        #expect(WatchCodec.encodeRequest(.create(request)) == expected)
        #expect(try WatchCodec.decodeRequest(expected) == .create(request))
    }

    @Test func anEmptyMessageSaysNothing() throws {
        #expect(try WatchCodec.decodeRequest([]) == nil)
        // Unknown fields only.
        #expect(try WatchCodec.decodeRequest([0x22, 0]) == nil)
    }

    @Test func anEmptyKeyMeansAZeroByte() throws {
        #expect(try WatchCodec.decodeRequest([0x0A, 0]) == .create(WatchCreateRequest(.key(Key([0])))))
        #expect(try WatchCodec.decodeRequest([0x0A, 3, 0x12, 1, 0]) == .create(WatchCreateRequest(.all)))
    }

    @Test func filtersAreReadPackedOrNotAndUnknownOnesArePassedOver() throws {
        func options(_ bytes: [UInt8]) throws -> WatchOptions? {
            guard case .create(let request) = try WatchCodec.decodeRequest([0x0A, UInt8(bytes.count)] + bytes) else {
                return nil
            }
            return request.options
        }
        var neither = WatchOptions()
        neither.includesPuts = false
        neither.includesDeletes = false
        #expect(try options([0x2A, 2, 0, 1]) == neither)
        #expect(try options([0x28, 0, 0x28, 1]) == neither)
        #expect(try options([0x2A, 2, 7, 0x7F]) == WatchOptions())
    }

    @Test func ofSeveralRequestsInOneMessageTheLastCounts() throws {
        #expect(try WatchCodec.decodeRequest([0x0A, 0, 0x12, 2, 0x08, 4]) == .cancel(watchID: 4))
        #expect(try WatchCodec.decodeRequest([0x12, 2, 0x08, 4, 0x1A, 0]) == .progress)
        // A second occurrence replaces the first.
        #expect(try WatchCodec.decodeRequest([0x12, 2, 0x08, 4, 0x12, 0]) == .cancel(watchID: 0))
    }

    @Test func aNegativeStartIsLetThroughSoThatTheServerCanRefuseIt() throws {
        let request = WatchClientMessage.create(WatchCreateRequest(.all, from: -1))
        #expect(try WatchCodec.decodeRequest(WatchCodec.encodeRequest(request)) == request)
    }

    @Test func aCutMessageIsReadOrRefused() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<20 {
                let bytes = WatchCodec.encodeRequest(numbers.watchClientMessage())
                for end in bytes.indices {
                    let cut = Array(bytes[..<end])
                    let isTaken = (try? Etcdserverpb__WatchRequest.unpack(cut) { _ in true }) ?? false
                    let read = Result { try WatchCodec.decodeRequest(cut) }
                    #expect((try? read.get()) == nil || isTaken, "cut at \(end) of \(bytes)")
                }
            }
        }
    }
}

@Suite struct WatchResponseCodecTests {
    @Test func headAndEventsInARowAreAWatchResponse() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let head = numbers.watchHead()
                let events = (0..<Int.random(in: 0...4, using: &numbers)).map { _ in numbers.event() }
                var bytes = WatchCodec.encodeHead(head)
                for event in events { WatchCodec.appendEvent(event, to: &bytes) }
                try Etcdserverpb__WatchResponse.unpack(bytes) { reference in
                    #expect(ResponseHeader(reference.header.pointee) == head.header)
                    #expect(reference.watch_id == head.watchID)
                    #expect((reference.created != 0) == head.created)
                    #expect((reference.canceled != 0) == head.canceled)
                    #expect(reference.compact_revision == head.compactRevision.rawValue)
                    #expect(String(cString: reference.cancel_reason) == head.cancelReason)
                    #expect((reference.fragment != 0) == head.fragment)
                    #expect(array(reference.n_events, reference.events).map(WatchEvent.init) == events)
                }
                #expect(try Etcdserverpb__WatchResponse.repack(bytes) == bytes)

                let read = try WatchCodec.decodeResponse(bytes)
                #expect(read.header == head.header)
                #expect(read.watchID == head.watchID)
                #expect(read.created == head.created)
                #expect(read.canceled == head.canceled)
                #expect(read.compactRevision == head.compactRevision)
                #expect(read.cancelReason == head.cancelReason)
                #expect(read.fragment == head.fragment)
                #expect(read.events == events)
            }
        }
    }

    @Test func anEventIsAHeadOfAtMostSixteenBytesAndItsPairs() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<300 {
                let event = numbers.event()
                var bytes: [UInt8] = [0xEE]
                WatchCodec.appendEvent(event, to: &bytes)
                #expect(bytes.first == 0xEE)
                #expect(bytes.count - 1 == WatchCodec.encodedEventSize(event))
                let previous = event.previous?.encoded ?? []
                if previous.isEmpty {
                    #expect(Array(bytes.suffix(event.pair.encoded.count)) == event.pair.encoded)
                } else {
                    #expect(Array(bytes.suffix(previous.count)) == previous)
                }
                #expect(bytes.count - 1 - event.pair.encoded.count - previous.count <= 16 + 6)
                if previous.isEmpty { #expect(bytes.count - 1 - event.pair.encoded.count <= 16) }
            }
        }
    }

    @Test func aDeletionCarriesKeyAndRevisionOnly() {
        let event = WatchEvent(kind: .delete, pair: .tombstone(key: "a", modRevision: 5))
        var bytes: [UInt8] = []
        WatchCodec.appendEvent(event, to: &bytes)
        #expect(bytes == [0x5A, 9, 0x08, 1, 0x12, 5, 0x0A, 1, 0x61, 0x18, 5])
    }

    @Test func anAnswerToNoWatchHasMinusOneAsItsNumber() throws {
        let header = ResponseHeader(clusterID: 1, memberID: 2, revision: 3, raftTerm: 1)
        let bytes = WatchCodec.encodeHead(WatchResponseHead(header: header, watchID: -1))
        #expect(try WatchCodec.decodeResponse(bytes).watchID == -1)
        #expect(try Etcdserverpb__WatchResponse.unpack(bytes) { $0.watch_id } == -1)
    }

    @Test func anEventWithoutPairOrOfAnUnknownTypeIsRefused() {
        for bytes: [UInt8] in [[0x5A, 0], [0x5A, 2, 0x08, 1], [0x5A, 7, 0x08, 2, 0x12, 3, 0x0A, 1, 0x61]] {
            let error = #expect(throws: WireMessageError.self) { try WatchCodec.decodeResponse(bytes) }
            #expect(error?.code == .malformed)
        }
    }

    @Test func aPairInTwoPartsIsMerged() throws {
        let read = try WatchCodec.decodeResponse([0x5A, 9, 0x12, 3, 0x0A, 1, 0x61, 0x12, 2, 0x18, 5])
        #expect(read.events == [WatchEvent(kind: .put, pair: .tombstone(key: "a", modRevision: 5))])
    }

    @Test func aCutMessageIsReadOrRefused() async throws {
        try await withRandomNumbers { numbers in
            for _ in 0..<10 {
                var bytes = WatchCodec.encodeHead(numbers.watchHead())
                for _ in 0..<2 { WatchCodec.appendEvent(numbers.event(), to: &bytes) }
                for end in bytes.indices {
                    let cut = Array(bytes[..<end])
                    let count = try? Etcdserverpb__WatchResponse.unpack(cut) { $0.n_events }
                    #expect((try? WatchCodec.decodeResponse(cut))?.events.count == count, "cut at \(end) of \(bytes)")
                }
            }
        }
    }
}

extension WatchEvent {
    /// The event that protobuf-c read, field by field.
    fileprivate init(_ reference: Mvccpb__Event) {
        self.init(
            kind: reference.type == MVCCPB__EVENT__EVENT_TYPE__DELETE ? .delete : .put,
            pair: KeyValue(reference.kv.pointee),
            previous: reference.prev_kv.map { KeyValue($0.pointee) }
        )
    }
}
