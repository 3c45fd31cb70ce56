using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Core.Policies.Documents;

/// <summary>
/// Reads single values; each returns <c>null</c> after it said what is wrong and what would be right.
/// </summary>
internal static class Values
{
    public static YamlNode.Scalar? Text(YamlNode node, string what, PolicyErrors errors)
    {
        if (node is YamlNode.Scalar { IsEmpty: false } scalar && scalar.Text.Length > 0)
        {
            return scalar;
        }

        errors.Add(node.At, $"{what} is a text, not {node.Kind}");
        return null;
    }

    public static int? Number(YamlNode node, string what, int least, int most, PolicyErrors errors)
    {
        if (node is YamlNode.Scalar scalar
            && int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
        {
            return number;
        }

        errors.Add(node.At, $"{what} is a whole number from {least} to {most}, not {Shown(node)}");
        return null;
    }

    public static TimeSpan? Duration(YamlNode node, string what, TimeSpan most, PolicyErrors errors)
    {
        if (node is not YamlNode.Scalar scalar || !DurationText.TryParse(scalar.Text, out var duration))
        {
            errors.Add(node.At, $"{what} is {DurationText.Form}, not {Shown(node)}");
            return null;
        }

        if (duration > most)
        {
            errors.Add(node.At, $"{what} is at most {most.TotalDays:0} d, not '{scalar.Text}'");
            return null;
        }

        return duration;
    }

    /// <summary>Bytes, at least one.</summary>
    public static long? Size(YamlNode node, string what, PolicyErrors errors)
    {
        if (node is YamlNode.Scalar scalar && SizeText.TryParse(scalar.Text, out var bytes) && bytes > 0)
        {
            return bytes;
        }

        errors.Add(node.At, $"{what} is {SizeText.Form}, not {Shown(node)}");
        return null;
    }

    /// <summary>One word of a closed list.</summary>
    public static T? Word<T>(
        YamlNode node, string what, OrderedDictionary<string, T> words, PolicyErrors errors)
        where T : struct
    {
        if (node is YamlNode.Scalar scalar && words.TryGetValue(scalar.Text, out var value))
        {
            return value;
        }

        var suggestion = node is YamlNode.Scalar { Text: var text } ? Nearest.To(text, words.Keys) : null;
        errors.Add(node.At, $"{what} is {string.Join(" or ", words.Keys)}, not {Shown(node)}", suggestion);
        return null;
    }

    /// <summary>
    /// The words for the values of an enumeration, in its order: <c>policy-author</c> for PolicyAuthor.
    /// </summary>
    public static OrderedDictionary<string, T> WordsOf<T>()
        where T : struct, Enum =>
        new(Enum.GetValues<T>().Select(value =>
            KeyValuePair.Create(JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()), value)));

    public static ImmutableArray<PartyDraft>? Parties(YamlNode node, string what, PolicyErrors errors)
    {
        var items = ItemsOf(node);
        if (items.IsEmpty || items.Length > PolicyLimits.Parties)
        {
            errors.Add(node.At, $"{what} names 1 to {PolicyLimits.Parties} parties like group:dba or alice");
            return null;
        }

        var parties = items.Select(item => PartyOf(item, what, errors)).OfType<PartyDraft>().ToImmutableArray();
        return parties.Length == items.Length ? parties : null;
    }

    /// <summary>The items of a list; a single value is a list of one.</summary>
    public static ImmutableArray<YamlNode> ItemsOf(YamlNode node) => node is YamlNode.List list ? list.Items : [node];

    public static string Shown(YamlNode node) =>
        node is YamlNode.Scalar { IsEmpty: false } scalar ? $"'{scalar.Text}'" : node.Kind;

    private static PartyDraft? PartyOf(YamlNode node, string what, PolicyErrors errors)
    {
        if (Text(node, what, errors) is not { } text)
        {
            return null;
        }

        try
        {
            return new PartyDraft(Party.Parse(text.Text), text.At);
        }
        catch (ArgumentException invalid)
        {
            errors.Add(text.At, invalid.Message);
            return null;
        }
    }
}
