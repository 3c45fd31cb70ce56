using System.Collections.Immutable;
using System.Diagnostics;

namespace Countersign.Core.Policies.Yaml;

/// <summary>A YAML document reduced to what policies use: texts, lists and mappings, each with its place.</summary>
internal abstract record YamlNode(SourcePosition At)
{
    /// <summary>What the node is, for messages.</summary>
    public string Kind => this switch
    {
        Scalar { IsEmpty: true } => "nothing",
        Scalar => "a text",
        List => "a list",
        Mapping => "a mapping",
        _ => throw new UnreachableException(),
    };

    /// <summary>A single value; <c>Plain</c> when it was written without quotes and not as a block.</summary>
    public sealed record Scalar(string Text, bool Plain, SourceText Source, SourcePosition At) : YamlNode(At)
    {
        /// <summary>Whether a key was written without a value.</summary>
        public bool IsEmpty => Plain && Text is "" or "~" or "null";

        /// <summary>Where a place inside <see cref="Text"/>, counted from 1, stands in the file.</summary>
        public SourcePosition PositionOf(int line, int column) => ScalarPositions.Find(this, line, column);
    }

    public sealed record List(ImmutableArray<YamlNode> Items, SourcePosition At) : YamlNode(At);

    public sealed record Mapping(ImmutableArray<Member> Members, SourcePosition At) : YamlNode(At);

    /// <summary>One key with its value; keys of a mapping are distinct.</summary>
    public sealed record Member(Scalar Key, YamlNode Value);
}
