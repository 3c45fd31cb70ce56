using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Actions.Json;

namespace Countersign.Gates.Http.OpenApi;

/// <summary>Where a request says the value of a parameter; a cookie reaches no target.</summary>
internal enum ParameterPlace
{
    Path,
    Query,
    Header,
}

/// <summary>What the text of a value stands for.</summary>
internal enum ParameterKind
{
    Text,
    Integer,
    Number,
    Boolean,
}

/// <summary>A parameter whose schema says what its text stands for (OpenAPI 3.1 section 4.8.12).</summary>
/// <param name="Name">As the document spells it; of headers in lower case.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Kind">Of its value, or of each element.</param>
/// <param name="IsList">Whether it holds several values.</param>
internal sealed record DescribedParameter(string Name, ParameterPlace Place, ParameterKind Kind, bool IsList)
{
    /// <summary>No parser needs more characters for a number, and long ones are read differently.</summary>
    private const int LongestNumber = 32;

    /// <summary>Whether the schema bounds integers to 32 bits; beyond that servers cut them.</summary>
    public bool IsShort { get; init; }

    /// <summary>How the parameter is called in facts.</summary>
    public string Path => $"{Place.ToString().ToLowerInvariant()}.{Name}";

    /// <summary>
    /// What the texts of a request stand for. Only a spelling that every parser reads in the same way is a number:
    /// that of JSON, and for integers without fraction and exponent.
    /// </summary>
    /// <param name="texts">One for each time that the parameter is there.</param>
    /// <param name="value">The value.</param>
    public bool TryRead(ImmutableArray<string> texts, [NotNullWhen(true)] out JsonNode? value)
    {
        if (!IsList)
        {
            // Which of several values a target takes, nobody knows.
            value = texts is [var only] ? ReadOne(only) : null;
            return value is not null;
        }

        var items = new JsonArray();
        value = items;
        // In an address each element is a parameter of its own; elsewhere they stand behind one another.
        foreach (var text in Place == ParameterPlace.Query ? texts : [.. texts.SelectMany(all => all.Split(','))])
        {
            if (ReadOne(Place == ParameterPlace.Header ? text.Trim(' ', '\t') : text) is not { } item)
            {
                value = null;
                return false;
            }

            items.Add(item);
        }

        return true;
    }

    private JsonNode? ReadOne(string text) => Kind switch
    {
        ParameterKind.Text => JsonValue.Create(text),
        ParameterKind.Boolean => text switch
        {
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ => null,
        },
        ParameterKind.Integer => IsPlain(text) && !text.AsSpan().TrimStart('-').ContainsAnyExceptInRange('0', '9')
            && text != "-0"
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            && !(IsShort && whole is < int.MinValue or > int.MaxValue)
                ? JsonValue.Create(whole)
                : null,
        _ => IsPlain(text)
            && CanonicalJson.TryCanonicalize(Encoding.ASCII.GetBytes(text), JsonLimits.Default, out var number, out _)
                ? JsonNode.Parse(number.Bytes.Span)
                : null,
    };

    /// <summary>Begins and ends as a number of JSON does, so that a strict parser takes all of it or nothing.</summary>
    private static bool IsPlain(string text) => text.Length is > 0 and <= LongestNumber
        && (text[0] == '-' || char.IsAsciiDigit(text[0]))
        && char.IsAsciiDigit(text[^1])
        && Ascii.IsValid(text)
        && !(text.TrimStart('-') is ['0', >= '0' and <= '9', ..]);
}
