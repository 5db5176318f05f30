import OstiaryCore
import Yams

extension Field {
    /// A key with a section of fixed keys behind it.
    /// - Parameters:
    ///   - later: keys that a later version will have; said so instead of "unknown".
    ///   - whenEmpty: what `{}` means, where that is not the same as leaving the key out.
    ///   - inline: how an environment variable spells the whole section.
    static func section<Child: Sendable>(
        _ destination: any Destination<Root, Child>,
        _ about: About,
        _ fields: [Field<Child>],
        later: [String] = [],
        whenEmpty: (@Sendable (inout Child) -> Void)? = nil,
        inline: Form<Child>? = nil
    ) -> Field {
        Field(
            about: about,
            read: { node, twins, reading, root in
                if let whenEmpty, let mapping = node.mapping, mapping.isEmpty {
                    reading.note(reading.place(node))
                    whenEmpty(&root[keyPath: destination])
                    return
                }
                reading.section(node, twins, fields, later: later, into: &root[keyPath: destination])
            },
            override: { reading, root in
                if let inline, let (text, place) = reading.given(about) {
                    reading.note(place)
                    if let child = reading.parse(Written(text), as: inline, at: place) {
                        root[keyPath: destination] = child
                    }
                }
                reading.override(fields, &root[keyPath: destination])
            },
            show: { _ in nil },
            content: { .section(fields.described($0[keyPath: destination])) },
            settings: { fields.settings($0[keyPath: destination], at: $1) }
        )
    }

    /// A key with a list of sections. Where the environment speaks about one entry's keys, it means the sole entry,
    /// which is made if there is none.
    static func entries<Child: Sendable>(
        _ destination: any Destination<Root, [Child]>,
        _ about: About,
        each new: Child,
        _ fields: [Field<Child>],
        most: Int
    ) -> Field {
        Field(
            about: about,
            read: { node, twins, reading, root in
                guard let nodes = reading.sequence(node, most: most, noun: "a list of sections") else { return }
                for (index, node) in nodes.enumerated() {
                    var child = new
                    reading.within("[\(index)]") { reading in
                        reading.section(node, twins, fields, later: [], into: &child)
                    }
                    root[keyPath: destination].append(child)
                }
            },
            override: { reading, root in
                let given = fields.compactMap { reading.given($0.about)?.1 }
                guard let first = given.first else { return }
                guard root[keyPath: destination].count <= 1 else {
                    for place in given {
                        reading.fault(
                            place,
                            "\(reading.subject(at: place)) is set, but `\(Reading.spell(reading.path))` has several entries",
                            hint: "unset it and write the value into the file"
                        )
                    }
                    return
                }
                var child = root[keyPath: destination].first ?? new
                reading.within("[0]") { reading in
                    if reading.place(of: reading.path) == nil { reading.note(first) }
                    reading.override(fields, &child)
                }
                root[keyPath: destination] = [child]
            },
            show: { _ in nil },
            content: { _ in .entries(fields.described(new), most: most) },
            settings: { root, path in
                root[keyPath: destination].enumerated().flatMap { index, child in
                    fields.settings(child, at: path.entry("[\(index)]"))
                }
            }
        )
    }

    /// A key with a section whose keys are names of the operator's own.
    static func table<Child: Sendable>(
        _ destination: any Destination<Root, [Child]>,
        _ about: About,
        each new: Child,
        name: any Destination<Child, String>,
        _ form: Form<String>,
        _ fields: [Field<Child>],
        most: Int
    ) -> Field {
        Field(
            about: about,
            read: { node, twins, reading, root in
                for (key, node, place) in reading.pairs(node, twins) {
                    guard root[keyPath: destination].count < most else {
                        reading.fault(place, "`\(Reading.spell(reading.path))` may have at most \(most) entries")
                        return
                    }
                    reading.within(key) { reading in
                        guard let key = reading.parse(Written(key), as: form, at: place) else { return }
                        var child = new
                        child[keyPath: name] = key
                        reading.section(node, twins, fields, later: [], into: &child)
                        root[keyPath: destination].append(child)
                    }
                }
            },
            override: { _, _ in },
            show: { _ in nil },
            content: { _ in
                let pattern = form.schema.first { $0.name.utf8.elementsEqual("pattern".utf8) }?.value
                return .table(noun: form.noun, pattern: pattern, fields.described(new), most: most)
            },
            settings: { root, path in
                root[keyPath: destination].flatMap { child in
                    fields.settings(child, at: path.entry(child[keyPath: name]))
                }
            }
        )
    }
}

extension Reading {
    /// Reads a section's keys; every key that is not one of `fields` is a fault.
    mutating func section<Root>(
        _ node: Node,
        _ twins: Twins,
        _ fields: [Field<Root>],
        later: [String],
        into root: inout Root
    ) {
        for (key, node, place) in pairs(node, twins) {
            guard let field = fields.first(where: { $0.about.name.utf8.elementsEqual(key.utf8) }) else {
                unknown(key, at: place, known: fields.map(\.about.name), later: later)
                continue
            }
            path.append(key)
            field.read(node, twins, &self, &root)
            path.removeLast()
        }
    }

    mutating func override<Root>(_ fields: [Field<Root>], _ root: inout Root) {
        for field in fields {
            path.append(field.about.name)
            field.override(&self, &root)
            path.removeLast()
        }
    }

    /// The names of a section with their values and places; faults for what is no section and for names given twice.
    mutating func pairs(_ node: Node, _ twins: Twins) -> [(key: String, value: Node, place: Configuration.Place)] {
        let place = place(node)
        if !path.isEmpty { note(place) }
        guard visit() else { return [] }
        // A section whose lines are all commented out is a section with nothing in it.
        if let scalar = node.scalar, scalar.style == .plain, scalar.string.isEmpty { return [] }
        guard let mapping = node.mapping else {
            let subject = path.isEmpty ? "the file" : subject(at: place)
            fault(place, "\(subject) must be a section of `key: value` lines")
            return []
        }
        var pairs: [(key: String, value: Node, place: Configuration.Place)] = []
        var seen: [[UInt8]: Configuration.Place] = [:]
        for (key, value) in mapping {
            let place = self.place(key)
            guard visit() else { break }
            guard let written = key.scalar?.string else {
                fault(place, "a key must be a name, not a list or a section")
                continue
            }
            let name = twins.original(of: written) ?? written
            if name.utf8.elementsEqual("<<".utf8) {
                fault(place, "merge keys are not read", hint: "write the keys out")
            } else if let first = seen[Array(name.utf8)] {
                var message = "`\(Self.spell(path + [name]))` is given twice"
                if case .file(_, let line, _) = first { message += ", first in line \(line)" }
                fault(place, message, hint: "keep one of them")
            } else {
                seen[Array(name.utf8)] = place
                pairs.append((name, value, place))
            }
        }
        return pairs
    }

    private mutating func unknown(
        _ key: String,
        at place: Configuration.Place,
        known: [String],
        later: [String]
    ) {
        let name = Self.spell(path + [key])
        if later.contains(where: { $0.utf8.elementsEqual(key.utf8) }) {
            fault(place, "`\(name)` is not available in this version", hint: "remove it")
            return
        }
        if let near = Nearest.to(key, among: known) {
            fault(place, "unknown key `\(name)`", hint: "did you mean `\(near)`?")
            return
        }
        let elsewhere = Configuration.paths(ofKey: key)
        if elsewhere.count == 1, let path = elsewhere.first {
            fault(place, "unknown key `\(name)`", hint: "did you mean `\(path)`?")
            return
        }
        fault(place, "unknown key `\(name)`", hint: "known here: " + known.joined(separator: ", "))
    }
}
