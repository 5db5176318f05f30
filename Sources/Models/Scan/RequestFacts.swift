public import OstiaryCore

/// What the gate itself must know of an inference request's body. All else in the body is the provider's business and
/// passes as it came.
public struct RequestFacts: Hashable, Sendable {
    /// The model's public name, as the client asks for it.
    public let model: String
    /// Where the name's JSON string lies in the body, quotes included.
    public let modelRange: Range<Int>
    /// Whether the client wants the answer as a stream of events.
    public let stream: Bool
    /// Whether the client wants the last event to tell the usage (`stream_options.include_usage`).
    public let includeUsage: Bool

    public init(model: String, modelRange: Range<Int>, stream: Bool, includeUsage: Bool) {
        self.model = model
        self.modelRange = modelRange
        self.stream = stream
        self.includeUsage = includeUsage
    }

    /// Reads a whole body. Throws `invalid_request`.
    public init(reading body: Span<UInt8>) throws(GateError) {
        var reader = RequestReader()
        self = try reader.read(whole: body)
    }
}

/// Finds `RequestFacts` in a body that arrives in pieces, checking all of it.
///
/// All errors are `invalid_request`, with a detail for the client that names the member or the byte and holds nothing
/// of the body.
public struct RequestReader: Sendable {
    private enum Wanted {
        static let model = 0
        static let stream = 1
        static let streamOptions = 2
        static let includeUsage = 3
        static let paths = MemberPaths(
            ["model", "stream", "stream_options", "stream_options.include_usage"],
            // A provider that ignores case would see another model than the one that was permitted.
            refusingOtherCase: true
        )
    }

    private var scanner = MemberScanner(Wanted.paths)

    public init() {}

    /// Reads a whole body, whatever was read before; the memory of the last one is used again.
    public mutating func read(whole body: Span<UInt8>) throws(GateError) -> RequestFacts {
        scanner.reset()
        try feed(body)
        return try finish()
    }

    /// Reads the next piece. Throws as soon as the body cannot become a good one.
    public mutating func feed(_ bytes: Span<UInt8>) throws(GateError) {
        do {
            try scanner.feed(bytes)
        } catch {
            throw Self.refusal(error)
        }
    }

    /// Says that the body is complete.
    public mutating func finish() throws(GateError) -> RequestFacts {
        do {
            try scanner.finish()
        } catch {
            throw Self.refusal(error)
        }
        return try facts()
    }

    /// What is known before the body is complete: `nil` until the model has been read. `stream` and `includeUsage`
    /// may still come, and so may a fault.
    public var factsSoFar: RequestFacts? {
        get throws(GateError) {
            scanner.range(Wanted.model) == nil ? nil : try facts()
        }
    }

    private func facts() throws(GateError) -> RequestFacts {
        guard let range = scanner.range(Wanted.model) else {
            throw Self.refusal("model_missing", "model is missing")
        }
        guard scanner.kind(Wanted.model) == .string else {
            throw Self.refusal("model_invalid", "model is not a string")
        }
        let read = scanner.withText(Wanted.model) { name in
            name.withUnsafeBufferPointer { (String(decoding: $0, as: UTF8.self), ModelName.fault(in: $0)) }
        }
        // A string too long to be kept has no text.
        guard let (model, fault) = read else { throw Self.refusal("model_invalid", "model is longer than 256 bytes") }
        if let fault { throw Self.refusal("model_invalid", "model \(fault)") }
        switch scanner.kind(Wanted.streamOptions) {
        case nil, .null, .object: break
        default: throw Self.refusal("stream_invalid", "stream_options is not an object")
        }
        return RequestFacts(
            model: model,
            modelRange: range,
            stream: try flag(Wanted.stream, "stream is not a boolean"),
            includeUsage: try flag(Wanted.includeUsage, "stream_options.include_usage is not a boolean")
        )
    }

    private func flag(_ position: Int, _ detail: String) throws(GateError) -> Bool {
        switch scanner.kind(position) {
        case .true: true
        case nil, .false, .null: false
        default: throw Self.refusal("stream_invalid", detail)
        }
    }

    private static func refusal(_ error: ScanError) -> GateError {
        switch error.reason {
        case .notAnObject: refusal("body_not_object", "the body is not a JSON object (byte \(error.offset))")
        case .malformed: refusal("body_malformed", "the body is not valid JSON (byte \(error.offset))")
        case .invalidUTF8: refusal("body_malformed", "the body is not valid UTF-8 (byte \(error.offset))")
        case .loneSurrogate:
            refusal("body_malformed", "the body escapes half a surrogate pair (byte \(error.offset))")
        case .tooDeep:
            refusal("body_too_deep", "the body is nested deeper than \(MemberScanner.deepest) (byte \(error.offset))")
        case .truncated: refusal("body_truncated", "the body ends inside its JSON (byte \(error.offset))")
        case .duplicate(let path): refusal("member_duplicate", "the member \(path) appears twice")
        case .otherCase(let path):
            refusal("member_other_case", "a member is called \(path) but for letter case (byte \(error.offset))")
        }
    }

    private static func refusal(_ cause: StaticString, _ detail: String) -> GateError {
        GateError(.invalidRequest, cause: cause, detail: detail)
    }
}
