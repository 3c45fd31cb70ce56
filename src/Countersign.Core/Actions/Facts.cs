using System.Collections.Immutable;

namespace Countersign.Core.Actions;

/// <summary>
/// What a gate derived from the action itself: members of the gate's policy variable (<c>mcp</c>, <c>sql</c> …).
/// A value is a <c>bool</c>, <c>long</c>, <c>double</c>, <c>string</c>, <c>ImmutableArray&lt;string&gt;</c> or
/// canonical JSON as <see cref="System.Text.Json.JsonElement"/>.
/// </summary>
public sealed record Facts(string Variable, ImmutableSortedDictionary<string, object> Members)
{
    public static Facts None { get; } = new("action", ImmutableSortedDictionary<string, object>.Empty);

    public static Facts Of(string variable, params ReadOnlySpan<(string Name, object Value)> members)
    {
        var builder = ImmutableSortedDictionary.CreateBuilder<string, object>(StringComparer.Ordinal);
        foreach (var (name, value) in members)
        {
            builder.Add(name, value);
        }

        return new Facts(variable, builder.ToImmutable());
    }
}
