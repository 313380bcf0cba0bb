internal import MeshCore

extension PutAnswer {
    func encoded(_ header: ResponseHeader) -> [UInt8] {
        var writer = WireWriter(capacity: 64 + (previous.map { WireWriter.size(of: $0) } ?? 0))
        writer.header(1, header)
        if let previous { writer.message(2, previous.encoded) }
        return writer.encoded
    }

    static func decode(
        _ bytes: ArraySlice<UInt8>
    ) throws(WireFormatError) -> (header: ResponseHeader?, answer: PutAnswer) {
        var header: ResponseHeader?
        var previous: ArraySlice<UInt8>?
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: header = try ResponseHeader(decoding: bytes[try field.range()], merging: header)
            case 2: previous.merge(bytes[try field.range()])
            default: continue
            }
        }
        var answer = PutAnswer(revision: header?.revision ?? .none)
        if let previous { answer.previous = try KeyValue(decoding: previous) }
        return (header, answer)
    }
}

extension DeleteAnswer {
    func encoded(_ header: ResponseHeader) -> [UInt8] {
        var writer = WireWriter(capacity: previous.reduce(64) { $0 + WireWriter.size(of: $1) })
        writer.header(1, header)
        writer.number(2, deleted)
        for pair in previous { writer.message(3, pair.encoded) }
        return writer.encoded
    }

    static func decode(
        _ bytes: ArraySlice<UInt8>
    ) throws(WireFormatError) -> (header: ResponseHeader?, answer: DeleteAnswer) {
        var header: ResponseHeader?
        var answer = DeleteAnswer(revision: .none, deleted: 0)
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: header = try ResponseHeader(decoding: bytes[try field.range()], merging: header)
            case 2: answer.deleted = try field.number()
            case 3: answer.previous.append(try KeyValue(decoding: bytes[try field.range()]))
            default: continue
            }
        }
        answer.revision = header?.revision ?? .none
        return (header, answer)
    }
}

extension TransactionAnswer {
    func encoded(_ header: ResponseHeader) -> [UInt8] {
        var writer = WireWriter(capacity: 64)
        writer.header(1, header)
        writer.flag(2, succeeded)
        for answer in answers { writer.message(3, answer.encoded) }
        return writer.encoded
    }

    /// Reads an answer that may hold `depth - 1` more answers in each other.
    static func decode(
        _ bytes: ArraySlice<UInt8>,
        depth: Int
    ) throws(WireFormatError) -> (header: ResponseHeader?, answer: TransactionAnswer) {
        guard depth > 0 else { throw WireFormatError("transactions lie too deep in each other") }
        var header: ResponseHeader?
        var answer = TransactionAnswer(succeeded: false, answers: [], revision: .none)
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: header = try ResponseHeader(decoding: bytes[try field.range()], merging: header)
            case 2: answer.succeeded = try field.flag()
            case 3: answer.answers.append(try OperationAnswer(decoding: bytes[try field.range()], depth: depth))
            default: continue
            }
        }
        answer.revision = header?.revision ?? .none
        return (header, answer)
    }
}

extension TransactionAnswer.OperationAnswer {
    fileprivate var encoded: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .range(let answer): writer.message(1, answer.encoded(.inner(answer.revision)))
        case .put(let answer): writer.message(2, answer.encoded(.inner(answer.revision)))
        case .delete(let answer): writer.message(3, answer.encoded(.inner(answer.revision)))
        case .transaction(let answer): writer.message(4, answer.encoded(.inner(answer.revision)))
        }
        return writer.encoded
    }

    /// Reads the answer to one step; of several in one place, the last counts.
    fileprivate init(decoding bytes: ArraySlice<UInt8>, depth: Int) throws(WireFormatError) {
        var last: (number: UInt64, content: ArraySlice<UInt8>)?
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            if (1...4).contains(field.number) { last = (field.number, bytes[try field.range()]) }
        }
        guard let last else { throw WireFormatError("a step's answer is missing") }
        switch last.number {
        case 1: self = .range(try RangeAnswer.decode(last.content).answer)
        case 2: self = .put(try PutAnswer.decode(last.content).answer)
        case 3: self = .delete(try DeleteAnswer.decode(last.content).answer)
        default: self = .transaction(try TransactionAnswer.decode(last.content, depth: depth - 1).answer)
        }
    }
}
