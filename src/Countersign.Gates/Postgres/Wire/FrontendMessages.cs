namespace Countersign.Gates.Postgres.Wire;

/// <summary>Writes what a client sends, field for field as the manual lists them.</summary>
internal static class FrontendMessages
{
    private const int SslRequestCode = (1234 << 16) | 5679;
    private const int CancelRequestCode = (1234 << 16) | 5678;

    public static void WriteSslRequest(this WireWriter to)
    {
        to.BeginUntyped();
        to.Int32(SslRequestCode);
        to.End();
    }

    public static void WriteCancelRequest(this WireWriter to, int processId, ReadOnlySpan<byte> key)
    {
        to.BeginUntyped();
        to.Int32(CancelRequestCode);
        to.Int32(processId);
        to.Bytes(key);
        to.End();
    }

    public static void WriteStartupMessage(
        this WireWriter to, int version, IEnumerable<KeyValuePair<string, string>> parameters)
    {
        to.BeginUntyped();
        to.Int32(version);
        foreach (var (name, value) in parameters)
        {
            to.String(name);
            to.String(value);
        }

        to.Byte(0);
        to.End();
    }

    public static void WritePassword(this WireWriter to, string password)
    {
        to.Begin(FrontendMessage.Password);
        to.String(password);
        to.End();
    }

    public static void WriteSaslInitialResponse(this WireWriter to, string mechanism, ReadOnlySpan<byte> data)
    {
        to.Begin(FrontendMessage.Password);
        to.String(mechanism);
        to.Int32(data.Length);
        to.Bytes(data);
        to.End();
    }

    public static void WriteSaslResponse(this WireWriter to, ReadOnlySpan<byte> data)
    {
        to.Begin(FrontendMessage.Password);
        to.Bytes(data);
        to.End();
    }

    public static void WriteQuery(this WireWriter to, ReadOnlySpan<byte> text)
    {
        to.Begin(FrontendMessage.Query);
        to.String(text);
        to.End();
    }

    public static void WriteParse(
        this WireWriter to, ReadOnlySpan<byte> statement, ReadOnlySpan<byte> text, ReadOnlySpan<uint> parameterTypes)
    {
        to.Begin(FrontendMessage.Parse);
        to.String(statement);
        to.String(text);
        to.Count(parameterTypes.Length);
        foreach (var type in parameterTypes)
        {
            to.UInt32(type);
        }

        to.End();
    }

    /// <param name="to">Where it goes.</param>
    /// <param name="portal">Name of the portal that is made.</param>
    /// <param name="statement">Name of the prepared statement.</param>
    /// <param name="rest">Formats, parameters and result formats as <see cref="BindBody.Rest"/> has them.</param>
    public static void WriteBind(
        this WireWriter to, ReadOnlySpan<byte> portal, ReadOnlySpan<byte> statement, ReadOnlySpan<byte> rest)
    {
        to.Begin(FrontendMessage.Bind);
        to.String(portal);
        to.String(statement);
        to.Bytes(rest);
        to.End();
    }

    /// <summary>A Bind without parameters whose results come as text.</summary>
    public static void WriteBind(this WireWriter to, ReadOnlySpan<byte> portal, ReadOnlySpan<byte> statement) =>
        to.WriteBind(portal, statement, [0, 0, 0, 0, 0, 0]);

    public static void WriteDescribe(this WireWriter to, Preparation what, ReadOnlySpan<byte> name) =>
        to.WriteNamed(FrontendMessage.Describe, what, name);

    public static void WriteClose(this WireWriter to, Preparation what, ReadOnlySpan<byte> name) =>
        to.WriteNamed(FrontendMessage.Close, what, name);

    public static void WriteExecute(this WireWriter to, ReadOnlySpan<byte> portal, int maxRows)
    {
        to.Begin(FrontendMessage.Execute);
        to.String(portal);
        to.Int32(maxRows);
        to.End();
    }

    public static void WriteFlush(this WireWriter to) => to.WriteBare(FrontendMessage.Flush);

    public static void WriteSync(this WireWriter to) => to.WriteBare(FrontendMessage.Sync);

    public static void WriteTerminate(this WireWriter to) => to.WriteBare(FrontendMessage.Terminate);

    /// <summary>The same byte on both sides, like CopyDone.</summary>
    public static void WriteCopyData(this WireWriter to, ReadOnlySpan<byte> data)
    {
        to.Begin(FrontendMessage.CopyData);
        to.Bytes(data);
        to.End();
    }

    public static void WriteCopyDone(this WireWriter to) => to.WriteBare(FrontendMessage.CopyDone);

    public static void WriteCopyFail(this WireWriter to, string reason)
    {
        to.Begin(FrontendMessage.CopyFail);
        to.String(reason);
        to.End();
    }

    /// <summary>A message that is its type alone.</summary>
    internal static void WriteBare(this WireWriter to, byte type) => to.Append([type, 0, 0, 0, sizeof(int)]);

    private static void WriteNamed(this WireWriter to, byte type, Preparation what, ReadOnlySpan<byte> name)
    {
        to.Begin(type);
        to.Byte((byte)what);
        to.String(name);
        to.End();
    }
}
