using System.Buffers.Binary;
using System.Text;

namespace Countersign.Gates.Postgres;

/// <summary>
/// A binary array as text: Int32 dimensions, Int32 whether there are NULLs, Int32 type of the elements, for each
/// dimension Int32 length and Int32 first index, and for each element Int32 length (-1 is NULL) and bytes.
/// </summary>
internal static class ArrayText
{
    private const int HeadLength = 3 * sizeof(int);
    private const int DimensionLength = 2 * sizeof(int);
    private const int Null = -1;

    /// <summary>Writes one element; <c>null</c> for one that has no text here.</summary>
    public delegate string? ElementText(uint type, ReadOnlySpan<byte> value);

    /// <summary>
    /// One dimension that begins at 1, every element in quotes so that none reads as NULL; <c>null</c> for others.
    /// </summary>
    public static string? Of(uint elementType, ReadOnlySpan<byte> value, ElementText textOf)
    {
        if (value.Length < HeadLength || (uint)Int32At(value, 2) != elementType)
        {
            return null;
        }

        var dimensions = Int32At(value, 0);
        if (dimensions == 0)
        {
            return value.Length == HeadLength ? "{}" : null;
        }

        return dimensions == 1 && value.Length >= HeadLength + DimensionLength && Int32At(value, 4) == 1
            ? Elements(elementType, Int32At(value, 3), value[(HeadLength + DimensionLength)..], textOf)
            : null;
    }

    private static string? Elements(uint type, int count, ReadOnlySpan<byte> rest, ElementText textOf)
    {
        var text = new StringBuilder("{");
        for (var i = 0; i < count; i++)
        {
            var length = rest.Length < sizeof(int) ? int.MinValue : Int32At(rest, 0);
            if (length < Null || length > rest.Length - sizeof(int))
            {
                return null;
            }

            text.Append(i > 0 ? "," : "");
            rest = rest[sizeof(int)..];
            if (length == Null)
            {
                text.Append("NULL");
                continue;
            }

            if (textOf(type, rest[..length]) is not { } element)
            {
                return null;
            }

            text.Append('"').Append(element.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
            rest = rest[length..];
        }

        return rest.Length == 0 ? text.Append('}').ToString() : null;
    }

    private static int Int32At(ReadOnlySpan<byte> value, int index) =>
        BinaryPrimitives.ReadInt32BigEndian(value[(index * sizeof(int))..]);
}
