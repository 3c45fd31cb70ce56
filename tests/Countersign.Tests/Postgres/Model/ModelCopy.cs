using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Model;

/// <summary>A COPY from the client that a modelled connection is in the middle of.</summary>
internal sealed class ModelCopy
{
    public string Data { get; set; } = "";

    /// <summary>Whether it came in a simple query, which ends with it.</summary>
    public bool IsOfQuery { get; set; }
}

/// <summary>What a server says of a COPY: as text, of one column.</summary>
internal static class ModelCopyMessages
{
    public static void WriteCopyInResponse(this WireWriter to) => WriteResponse(to, BackendMessage.CopyInResponse);

    /// <summary>All of its rows.</summary>
    public static void WriteCopyOut(this WireWriter to, params string[] rows)
    {
        WriteResponse(to, BackendMessage.CopyOutResponse);
        foreach (var row in rows)
        {
            to.WriteCopyData(System.Text.Encoding.UTF8.GetBytes(row));
        }

        to.WriteCopyDone();
    }

    private static void WriteResponse(WireWriter to, byte type)
    {
        to.Begin(type);
        to.Byte(0);
        to.Int16(1);
        to.Int16(0);
        to.End();
    }
}
