using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Wire;

public sealed class BodyFuzzTests
{
    private static readonly Action<byte[]>[] s_readers =
    [
        static body => QueryBody.Read(body),
        static body => ParseBody.Read(body),
        static body => GoOver(BindBody.Read(body), body),
        static body => DescribeBody.Read(body),
        static body => ExecuteBody.Read(body),
        static body => CopyFailBody.Read(body),
        static body => ErrorFields.Read(body),
        static body => ReadyForQueryBody.Read(body),
        static body => _ = CommandCompleteBody.Read(body).Rows,
        static body => ParameterStatusBody.Read(body),
        static body => GoOver(RowDescriptionBody.Read(body)),
        static body => ParameterDescriptionBody.Read(body),
        static body => GoOver(DataRowBody.Read(body)),
        static body => BackendKeyDataBody.Read(body),
        static body => AuthenticationBody.Read(body),
        static body => NotificationResponseBody.Read(body),
        static body => CopyResponseBody.Read(body),
        static body => NegotiateProtocolVersionBody.ReadMinor(body),
    ];

    private static readonly byte[][] s_seeds =
    [
        Bytes.BodyOf(static to => to.WriteParse("s"u8, "SELECT $1"u8, [23, 25])),
        [.. "p\0s\0"u8, 0, 2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 2, .. "ab"u8, 0, 0, 0, 1, 0xFF, 0, 1, 0, 1],
        Bytes.BodyOf(static to => to.WriteRowDescription("a", "bc")),
        Bytes.BodyOf(static to => to.WriteDataRow("a", null, "bcd")),
        Bytes.BodyOf(static to => to.WriteErrorResponse(new ErrorFields { Message = "m", Hint = "h" })),
        Bytes.BodyOf(static to => to.WriteNotificationResponse(1, "channel", "payload")),
        Bytes.BodyOf(static to => to.WriteNegotiateProtocolVersion(2, ["_pq_.a", "_pq_.b"])),
    ];

    [Fact]
    public void Mutated_bodies_cause_nothing_but_violations()
    {
        var accepted = 0;
        for (var seed = 0; seed < 30_000; seed++)
        {
            var random = new Random(seed);
            var body = Mutate(s_seeds[random.Next(s_seeds.Length)], random);
            accepted += s_readers.Count(read => IsAccepted(read, body));
        }

        // Fuzz that never gets past the first check would test nothing.
        Assert.InRange(accepted, 10_000, int.MaxValue);
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        var body = new List<byte>(seed);
        for (var changes = random.Next(4); changes > 0 && body.Count > 0; changes--)
        {
            var at = random.Next(body.Count);
            switch (random.Next(4))
            {
                case 0:
                    body[at] = (byte)random.Next(256);
                    break;
                case 1:
                    body[at] = random.Next(2) == 0 ? (byte)0xFF : (byte)0;
                    break;
                case 2:
                    body.RemoveAt(at);
                    break;
                default:
                    body.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        return [.. body];
    }

    private static bool IsAccepted(Action<byte[]> read, byte[] body)
    {
        try
        {
            read(body);
            return true;
        }
        catch (ProtocolViolation)
        {
            return false;
        }
    }

    private static void GoOver(BindBody bind, byte[] body)
    {
        var count = 0;
        foreach (var value in bind.Parameters)
        {
            _ = value.In(body);
            count++;
        }

        Assert.Equal(bind.ParameterCount, count);
    }

    private static void GoOver(RowDescriptionBody description)
    {
        var count = 0;
        foreach (var column in description)
        {
            count += column.Name.Contains((byte)0) ? 0 : 1;
        }

        Assert.Equal(description.Count, count);
    }

    private static void GoOver(DataRowBody row)
    {
        var count = 0;
        while (row.MoveNext())
        {
            count++;
        }

        Assert.Equal(row.Count, count);
    }
}
