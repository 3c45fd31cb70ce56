using System.Text.Json;

namespace Countersign.Gates.Api;

/// <summary>Refuses members nobody asked for: a misspelt name must not silently lose its meaning.</summary>
internal static class StrictMembers
{
    /// <summary>What is wrong with a body, or <c>null</c>.</summary>
    public static string? Check(JsonElement body, IReadOnlyList<string> known)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            return $"The body is a JSON object with {string.Join(", ", known)}.";
        }

        return body.EnumerateObject()
            .Select(member => member.Name)
            .FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? $"There is no member '{unknown}'; the body has {string.Join(", ", known)}."
            : null;
    }
}
