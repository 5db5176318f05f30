/// The members that a `MemberScanner` looks for, as paths through nested objects from the document's top. `[]` in a path
/// is the first element of an array.
///
/// Names are compared by bytes after unescaping. The paths are kept as a tree with the children of a node side by
/// side, so that a look-up reads two flat arrays and follows no references.
public struct MemberPaths: Sendable {
    struct Node: Sendable {
        var name: Range<Int>
        var children: Range<Int>
        var parent: Int
        /// The child that stands for the first element; -1 where the path leads through an object.
        var element = -1
        /// Whether only where its value lies is wanted.
        var isMeasured = false
    }

    enum Match: Equatable {
        case none
        case node(Int)
        /// This node's name, but for letter case.
        case otherCase(Int)
    }

    /// The document itself.
    static let root = 0

    private(set) var nodes: [Node] = [Node(name: 0..<0, children: 0..<0, parent: 0)]
    private var names: [UInt8] = []
    /// The node of each path, in the order given to the initialiser.
    let targets: [Int]
    /// The longest name that could still match, in bytes.
    let longestName: Int
    private let refusesOtherCase: Bool

    /// - Parameters:
    ///   - paths: dot-separated names, like `stream_options.include_usage`. A repeated path counts once.
    ///   - measured: further ones, of whose values only the place is wanted and nothing is kept.
    ///   - refusingOtherCase: whether a name that equals a wanted one only when letter case is ignored is an error.
    ///     Set it where a decision depends on the member and somebody else reads the document afterwards: Go's JSON
    ///     reader ignores case, and would take `MODEL` for `model`.
    public init(_ paths: [String], measuring measured: [String] = [], refusingOtherCase: Bool) {
        let wanted = (paths + measured).map { $0.split(separator: ".").map { Array($0.utf8) } }
        var places: [[[UInt8]]] = [[]]
        var longest = 0
        var next = 0
        while next < places.count {
            let place = places[next]
            let first = places.count
            for path in wanted where path.count > place.count && path.starts(with: place) {
                let child = place + [path[place.count]]
                guard !places[first...].contains(child) else { continue }
                let name = path[place.count]
                if name.elementsEqual("[]".utf8) { nodes[next].element = places.count }
                places.append(child)
                nodes.append(Node(name: names.count..<names.count + name.count, children: 0..<0, parent: next))
                names += name
                longest = max(longest, name.count)
            }
            nodes[next].children = first..<places.count
            next += 1
        }
        targets = wanted.map { places.firstIndex(of: $0) ?? Self.root }
        for target in targets.dropFirst(paths.count) { nodes[target].isMeasured = true }
        // U+212A, the longest spelling of an ASCII letter under case folding, has three bytes.
        longestName = refusingOtherCase ? longest * 3 : longest
        refusesOtherCase = refusingOtherCase
    }

    /// Finds the child of `parent` with this name.
    @inline(__always)
    func match(_ name: Span<UInt8>, in parent: Int) -> Match {
        let children = nodes[parent].children
        for child in children where equal(name, nodes[child].name) { return .node(child) }
        return refusesOtherCase ? matchFolded(name, in: children) : .none
    }

    /// The dotted path of a node, for messages.
    func path(of node: Int) -> String {
        let name = String(decoding: names[nodes[node].name], as: UTF8.self)
        let parent = nodes[node].parent
        return parent == Self.root ? name : "\(path(of: parent)).\(name)"
    }

    @inline(__always)
    private func equal(_ name: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard name.count == range.count else { return false }
        return names.withUnsafeBufferPointer { names in
            name.withUnsafeBufferPointer { $0.elementsEqual(names[range]) }
        }
    }

    private func matchFolded(_ name: Span<UInt8>, in children: Range<Int>) -> Match {
        for child in children where equalFolded(name, nodes[child].name) { return .otherCase(child) }
        return .none
    }

    /// Simple case folding as far as it reaches ASCII: the letters, U+017F for `s` and U+212A for `k`.
    private func equalFolded(_ name: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var index = 0
        for place in range {
            guard index < name.count else { return false }
            var byte = name[index]
            var length = 1
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                byte |= 0x20
            case 0xc5 where index + 1 < name.count && name[index + 1] == 0xbf:
                byte = UInt8(ascii: "s")
                length = 2
            case 0xe2 where index + 2 < name.count && name[index + 1] == 0x84 && name[index + 2] == 0xaa:
                byte = UInt8(ascii: "k")
                length = 3
            default:
                break
            }
            var other = names[place]
            if UInt8(ascii: "A")...UInt8(ascii: "Z") ~= other { other |= 0x20 }
            guard byte == other else { return false }
            index += length
        }
        return index == name.count
    }
}
