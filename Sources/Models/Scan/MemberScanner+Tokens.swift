// Between the tokens: which may come next, and where wanted values begin and end.
extension MemberScanner {
    mutating func scan(_ bytes: Span<UInt8>) throws(ScanError) {
        let count = bytes.count
        var index = 0
        while index < count {
            if state == .string {
                try scanString(bytes, &index)
                continue
            }
            let byte = bytes[index]
            if state.rawValue <= State.done.rawValue {
                // Between tokens.
                if byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
                    index += 1
                    continue
                }
                try token(byte, bytes, &index)
            } else {
                try inside(byte, bytes, &index)
            }
        }
    }

    @inline(__always)
    mutating func token(_ byte: UInt8, _ bytes: Span<UInt8>, _ index: inout Int) throws(ScanError) {
        switch state {
        case .next:
            if byte == UInt8(ascii: ",") {
                state = isInObject ? .name : .value
                index += 1
            } else {
                try close(byte, bytes, &index)
            }
        case .colon:
            guard byte == UInt8(ascii: ":") else { throw ScanError(.malformed, at: base + index) }
            state = .value
            index += 1
        case .name, .nameOrEnd:
            if byte == UInt8(ascii: "\"") {
                state = .string
                isName = true
                if depth == placeDepth {
                    capture = .name
                    nameCount = 0
                }
                index += 1
            } else if state == .nameOrEnd {
                try close(byte, bytes, &index)
            } else {
                throw ScanError(.malformed, at: base + index)
            }
        case .value:
            try beginValue(byte, &index)
        case .valueOrEnd:
            if byte == UInt8(ascii: "]") {
                // An empty array has no first element.
                pending = -1
                try close(byte, bytes, &index)
            } else {
                try beginValue(byte, &index)
            }
        case .start:
            guard byte == UInt8(ascii: "{") else { throw ScanError(.notAnObject, at: base + index) }
            pending = MemberPaths.root
            try beginValue(byte, &index)
        default:
            throw ScanError(.malformed, at: base + index)
        }
    }

    @inline(__always)
    var isInObject: Bool { objects & (1 << UInt64(truncatingIfNeeded: depth &- 1)) != 0 }

    mutating func beginValue(_ byte: UInt8, _ index: inout Int) throws(ScanError) {
        let kind: Kind
        switch byte {
        case UInt8(ascii: "\""):
            kind = .string
            state = .string
            isName = false
        case UInt8(ascii: "{"):
            kind = .object
            state = .nameOrEnd
        case UInt8(ascii: "["):
            kind = .array
            state = .valueOrEnd
        case UInt8(ascii: "-"):
            kind = .number
            state = .minus
        case UInt8(ascii: "0"):
            kind = .number
            state = .zero
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            kind = .number
            state = .integer
        // The rest of a literal, its next byte lowest.
        case UInt8(ascii: "t"):
            kind = .true
            state = .literal
            literalLeft = 0x65_75_72
        case UInt8(ascii: "f"):
            kind = .false
            state = .literal
            literalLeft = 0x65_73_6c_61
        case UInt8(ascii: "n"):
            kind = .null
            state = .literal
            literalLeft = 0x6c_6c_75
        default:
            throw ScanError(.malformed, at: base + index)
        }
        let node = pending
        if kind == .object || kind == .array {
            guard depth < Self.deepest else { throw ScanError(.tooDeep, at: base + index) }
            let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: depth)
            objects = kind == .object ? objects | bit : objects & ~bit
            depth += 1
        }
        if node >= 0 { note(node, kind, index) }
        index += 1
    }

    mutating func note(_ node: Int, _ kind: Kind, _ index: Int) {
        pending = -1
        touched.append(node)
        slots[node].kind = kind
        slots[node].start = base + index
        let element = paths.nodes[node].element
        if element < 0 ? kind == .object && !paths.nodes[node].children.isEmpty : kind == .array {
            place = node
            placeDepth = depth
            pending = element
            return
        }
        slots[node].raw = captured.count..<captured.count
        slots[node].text = texts.count..<texts.count
        // What is no container where members were expected is of no interest: streams of Responses have a text there.
        slots[node].isCaptured = paths.nodes[node].children.isEmpty && !paths.nodes[node].isMeasured
        leaf = node
        leafFrom = index
        if kind == .string && slots[node].isCaptured { capture = .text }
    }

    mutating func close(_ byte: UInt8, _ bytes: Span<UInt8>, _ index: inout Int) throws(ScanError) {
        guard byte == (isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            throw ScanError(.malformed, at: base + index)
        }
        index += 1
        if depth == placeDepth {
            slots[place].end = base + index
            place = paths.nodes[place].parent
            placeDepth -= 1
        }
        depth -= 1
        endValue(bytes, index)
    }

    @inline(__always)
    mutating func endValue(_ bytes: Span<UInt8>, _ index: Int) {
        state = depth == 0 ? .done : .next
        if leaf >= 0 && depth == placeDepth { endLeaf(bytes, index) }
    }

    mutating func endLeaf(_ bytes: Span<UInt8>, _ index: Int) {
        keepRaw(bytes, upTo: index)
        slots[leaf].end = base + index
        slots[leaf].text = slots[leaf].text.lowerBound..<texts.count
        leaf = -1
    }

    mutating func keepRaw(_ bytes: Span<UInt8>, upTo end: Int) {
        guard slots[leaf].isCaptured else { return }
        let start = slots[leaf].raw.lowerBound
        guard captured.count - start + (end - leafFrom) <= Self.captureLimit else {
            captured.removeSubrange(start...)
            texts.removeSubrange(slots[leaf].text.lowerBound...)
            slots[leaf].isCaptured = false
            capture = .nothing
            return
        }
        if captured.isEmpty { captured.reserveCapacity(128) }
        bytes.extracting(leafFrom..<end).withUnsafeBufferPointer { captured.append(contentsOf: $0) }
        slots[leaf].raw = start..<captured.count
    }
}
