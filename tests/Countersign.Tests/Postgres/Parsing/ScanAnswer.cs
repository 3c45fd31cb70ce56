namespace Countersign.Tests.Postgres.Parsing;

/// <summary>Reads libpg_query's protobuf of tokens: field 2 of the result, with fields 1, 2 and 4 in each.</summary>
internal static class ScanAnswer
{
    /// <summary>SQL_COMMENT and C_COMMENT, which PostgreSQL's own scanner does not return.</summary>
    private static readonly int[] s_comments = [275, 276];

    public static IReadOnlyList<(int Start, int End)> Read(ReadOnlySpan<byte> message)
    {
        var tokens = new List<(int Start, int End)>();
        while (!message.IsEmpty)
        {
            var tag = Number(ref message);
            if (tag == ((2 << 3) | 2))
            {
                var length = Number(ref message);
                var (start, end, kind) = ReadToken(message[..length]);
                message = message[length..];
                if (!s_comments.Contains(kind))
                {
                    tokens.Add((start, end));
                }
            }
            else
            {
                Number(ref message);
            }
        }

        return tokens;
    }

    private static (int Start, int End, int Kind) ReadToken(ReadOnlySpan<byte> message)
    {
        var fields = new int[6];
        while (!message.IsEmpty)
        {
            var tag = Number(ref message);
            fields[tag >> 3] = Number(ref message);
        }

        return (fields[1], fields[2], fields[4]);
    }

    private static int Number(ref ReadOnlySpan<byte> message)
    {
        var (value, shift) = (0, 0);
        byte next;
        do
        {
            next = message[0];
            message = message[1..];
            value |= (next & 0x7F) << shift;
            shift += 7;
        }
        while (next >= 0x80);
        return value;
    }
}
