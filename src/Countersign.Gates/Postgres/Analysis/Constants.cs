using System.Buffers.Binary;
using System.Text;
using Countersign.Gates.Postgres.Analysis.Trees;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// Reads constants of a tree as a little-endian server holds them. What it cannot read counts as computed.
/// </summary>
internal static class Constants
{
    private const uint RegClass = 2205;
    private const uint Text = 25;
    private const uint Boolean = 16;
    private const int TextHeader = sizeof(uint);

    /// <summary>
    /// regproc, regprocedure, regoper, regoperator, regclass, regtype, regrole, regnamespace, regconfig, regdictionary,
    /// regcollation: their constants were names in the text.
    /// </summary>
    public static bool NamesObject(uint type) => type is 24 or (>= 2202 and <= 2206) or 4089 or 4096 or 3734 or 3769
        or 4191;

    /// <summary>The relation that a constant of type regclass names, also behind a cast without effect.</summary>
    public static uint? Relation(NodeValue? value) => Of(value, RegClass) is { Length: >= sizeof(uint) } bytes
        ? BinaryPrimitives.ReadUInt32LittleEndian(bytes)
        : null;

    public static bool? Truth(NodeValue? value) => Of(value, Boolean) is [var first, ..] ? first != 0 : null;

    /// <summary>A string that stands in the statement: four bytes of length in its upper 30 bits, then UTF-8.</summary>
    public static string? String(NodeValue? value) =>
        Of(value, Text) is { Length: >= TextHeader } bytes
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) is var header
        && (header & 3) == 0 && header >> 2 == bytes.Length
            ? Encoding.UTF8.GetString(bytes[TextHeader..])
            : null;

    private static byte[]? Of(NodeValue? value, uint type) => value switch
    {
        NodeValue.Node { Label: "RELABELTYPE" } cast => Of(cast.Child("arg"), type),
        NodeValue.Node { Label: "CONST" } constant when constant.Oid("consttype") == type
            && constant.Field("constvalue") is NodeValue.Bytes bytes => [.. bytes.Values],
        _ => null,
    };
}
