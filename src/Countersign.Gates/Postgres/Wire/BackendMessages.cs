using System.Text;

namespace Countersign.Gates.Postgres.Wire;

/// <summary>Writes what a server sends, for the messages that this gate makes itself.</summary>
internal static class BackendMessages
{
    private const int TextType = 25;
    private const int NullLength = -1;
    private const int Major = 3 << 16;

    public static void WriteErrorResponse(this WireWriter to, ErrorFields fields) =>
        to.WriteFields(BackendMessage.ErrorResponse, fields);

    public static void WriteNoticeResponse(this WireWriter to, ErrorFields fields) =>
        to.WriteFields(BackendMessage.NoticeResponse, fields);

    public static void WriteReadyForQuery(this WireWriter to, TransactionStatus status)
    {
        to.Begin(BackendMessage.ReadyForQuery);
        to.Byte((byte)status);
        to.End();
    }

    public static void WriteParameterStatus(this WireWriter to, string name, string value)
    {
        to.Begin(BackendMessage.ParameterStatus);
        to.String(name);
        to.String(value);
        to.End();
    }

    public static void WriteBackendKeyData(this WireWriter to, int processId, ReadOnlySpan<byte> key)
    {
        to.Begin(BackendMessage.BackendKeyData);
        to.Int32(processId);
        to.Bytes(key);
        to.End();
    }

    public static void WriteCommandComplete(this WireWriter to, ReadOnlySpan<byte> tag)
    {
        to.Begin(BackendMessage.CommandComplete);
        to.String(tag);
        to.End();
    }

    /// <summary>Columns of type text that belong to no table.</summary>
    public static void WriteRowDescription(this WireWriter to, params ReadOnlySpan<string> columns)
    {
        const int anyLength = -1;
        to.Begin(BackendMessage.RowDescription);
        to.Count(columns.Length);
        foreach (var column in columns)
        {
            to.String(column);
            to.Int32(0);
            to.Int16(0);
            to.Int32(TextType);
            to.Int16(anyLength);
            to.Int32(anyLength);
            to.Int16(0);
        }

        to.End();
    }

    public static void WriteDataRow(this WireWriter to, params ReadOnlySpan<string?> values)
    {
        to.Begin(BackendMessage.DataRow);
        to.Count(values.Length);
        foreach (var value in values)
        {
            var text = value is null ? null : Encoding.UTF8.GetBytes(value);
            to.Int32(text?.Length ?? NullLength);
            to.Bytes(text);
        }

        to.End();
    }

    public static void WriteParameterDescription(this WireWriter to, ReadOnlySpan<uint> types)
    {
        to.Begin(BackendMessage.ParameterDescription);
        to.Count(types.Length);
        foreach (var type in types)
        {
            to.UInt32(type);
        }

        to.End();
    }

    public static void WriteNotificationResponse(this WireWriter to, int processId, string channel, string payload)
    {
        to.Begin(BackendMessage.NotificationResponse);
        to.Int32(processId);
        to.String(channel);
        to.String(payload);
        to.End();
    }

    public static void WriteParseComplete(this WireWriter to) => to.WriteBare(BackendMessage.ParseComplete);

    public static void WriteBindComplete(this WireWriter to) => to.WriteBare(BackendMessage.BindComplete);

    public static void WriteCloseComplete(this WireWriter to) => to.WriteBare(BackendMessage.CloseComplete);

    public static void WriteNoData(this WireWriter to) => to.WriteBare(BackendMessage.NoData);

    public static void WriteEmptyQueryResponse(this WireWriter to) => to.WriteBare(BackendMessage.EmptyQueryResponse);

    public static void WritePortalSuspended(this WireWriter to) => to.WriteBare(BackendMessage.PortalSuspended);

    public static void WriteAuthenticationOk(this WireWriter to) =>
        to.WriteAuthentication(AuthenticationRequest.Ok, []);

    public static void WriteAuthenticationCleartextPassword(this WireWriter to) =>
        to.WriteAuthentication(AuthenticationRequest.CleartextPassword, []);

    /// <summary>The mechanisms in order of preference, each with its NUL, and one more NUL.</summary>
    public static void WriteAuthenticationSasl(this WireWriter to, params ReadOnlySpan<string> mechanisms)
    {
        to.Begin(BackendMessage.Authentication);
        to.Int32((int)AuthenticationRequest.Sasl);
        foreach (var mechanism in mechanisms)
        {
            to.String(mechanism);
        }

        to.Byte(0);
        to.End();
    }

    public static void WriteAuthenticationSaslContinue(this WireWriter to, ReadOnlySpan<byte> data) =>
        to.WriteAuthentication(AuthenticationRequest.SaslContinue, data);

    public static void WriteAuthenticationSaslFinal(this WireWriter to, ReadOnlySpan<byte> data) =>
        to.WriteAuthentication(AuthenticationRequest.SaslFinal, data);

    /// <summary>
    /// The newest version that is spoken, whole as PostgreSQL sends it, and the options that are not known.
    /// </summary>
    public static void WriteNegotiateProtocolVersion(this WireWriter to, int minor, ReadOnlySpan<string> unknownOptions)
    {
        to.Begin(BackendMessage.NegotiateProtocolVersion);
        to.Int32(Major | minor);
        to.Int32(unknownOptions.Length);
        foreach (var option in unknownOptions)
        {
            to.String(option);
        }

        to.End();
    }

    private static void WriteFields(this WireWriter to, byte type, ErrorFields fields)
    {
        to.Begin(type);
        fields.Write(to);
        to.End();
    }

    private static void WriteAuthentication(this WireWriter to, AuthenticationRequest request, ReadOnlySpan<byte> data)
    {
        to.Begin(BackendMessage.Authentication);
        to.Int32((int)request);
        to.Bytes(data);
        to.End();
    }
}
