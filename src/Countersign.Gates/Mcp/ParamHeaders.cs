using System.Globalization;
using System.Text;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// The arguments that a tool's schema wants repeated in headers (<c>x-mcp-header</c>, 2026-07-28): checked where they
/// come in, and written anew from the approved arguments where they go out.
/// </summary>
internal static class ParamHeaders
{
    private const string Prefix = "Mcp-Param-";

    /// <summary>The headers of a call: name and value, encoded.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(RawObject tool, RawObject arguments)
    {
        foreach (var (name, header) in Annotated(tool))
        {
            if (TextOf(arguments, name) is { } value)
            {
                yield return KeyValuePair.Create(header, ModernEra.Encode(value));
            }
        }
    }

    /// <summary>The header that contradicts the arguments; <c>null</c> when none does.</summary>
    public static string? WhyMismatch(RawObject tool, RawObject arguments, ModernCaller caller)
    {
        foreach (var (name, header) in Annotated(tool))
        {
            if (!Same(TextOf(arguments, name), caller.Header(header)))
            {
                return $"The header {header} must be the same as the argument '{name}'.";
            }
        }

        return null;
    }

    private static bool Same(string? argument, string? header) =>
        argument == header
        || long.TryParse(argument, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var one)
        && long.TryParse(header, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var other)
        && one == other;

    private static IEnumerable<(string Name, string Header)> Annotated(RawObject tool)
    {
        var properties = tool.FindObject("inputSchema")?.FindObject("properties") ?? RawObject.Empty;
        foreach (var (name, schema) in properties.Members)
        {
            // A name that is no token of HTTP cannot be a header; a client leaves such a tool out.
            if (RawObject.TryRead(schema, out var members)
                && members.FindText("x-mcp-header") is { Length: > 0 } header
                && header.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'))
            {
                yield return (name, Prefix + header);
            }
        }
    }

    /// <summary>The value as it stands in a header: a text as it is, a number or a truth value as JSON.</summary>
    private static string? TextOf(RawObject arguments, string name) => arguments.Find(name) switch
    {
        null => null,
        { Span: [(byte)'{' or (byte)'[' or (byte)'n', ..] } => null,
        { } value => RawObject.TextOf(value) ?? Encoding.UTF8.GetString(value.Span),
    };
}
