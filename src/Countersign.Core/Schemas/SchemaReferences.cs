using System.Globalization;
using System.Text.Json;

namespace Countersign.Core.Schemas;

/// <summary>
/// Finds what <c>$ref</c> names inside one schema: <c>#</c> for all of it, or a JSON Pointer (RFC 6901) behind it, as
/// in <c>#/$defs/row</c>. What is named elsewhere is never fetched.
/// </summary>
internal sealed class SchemaReferences(JsonElement root)
{
    private const string Keyword = "$ref";

    /// <summary>What a schema's reference names; <c>null</c> without one, or when it leads nowhere.</summary>
    public JsonElement? Find(JsonElement schema) =>
        schema.TryGetProperty(Keyword, out var reference)
        && reference.ValueKind == JsonValueKind.String
        && reference.GetString() is ['#', .. var pointer]
        && (pointer.Length == 0 || pointer[0] == '/')
            ? Follow(Uri.UnescapeDataString(pointer))
            : null;

    private JsonElement? Follow(string pointer)
    {
        var found = root;
        foreach (var step in pointer.Split('/').Skip(1))
        {
            // In this order, or ~01 would become a slash (section 4 of the RFC).
            var name = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (Below(found, name) is not { } next)
            {
                return null;
            }

            found = next;
        }

        return found;
    }

    private static JsonElement? Below(JsonElement place, string name) => place.ValueKind switch
    {
        JsonValueKind.Object when place.TryGetProperty(name, out var member) => member,
        JsonValueKind.Array
            when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && index < place.GetArrayLength() => place[index],
        _ => null,
    };
}
