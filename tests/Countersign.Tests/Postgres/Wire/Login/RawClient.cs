using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Tests.Postgres.Wire.Login;

/// <summary>A client that says exactly what a test wants, right or wrong.</summary>
internal static class RawClient
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<SslStream> EncryptAsync(Stream client, bool direct)
    {
        if (!direct)
        {
            await client.WriteAsync(Bytes.Of(static to => to.WriteSslRequest()), Cancellation);
            Assert.Equal('S', client.ReadByte());
        }

        var encrypted = new SslStream(client);
        await encrypted.AuthenticateAsClientAsync(Trusting([AgentTls.Postgresql]), Cancellation);
        return encrypted;
    }

    public static SslClientAuthenticationOptions Trusting(List<SslApplicationProtocol> protocols) => new()
    {
        TargetHost = "localhost",
        ApplicationProtocols = protocols,
        EnabledSslProtocols = SslProtocols.None,
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
    };

    public static async Task<string> StartAsync(Stream client, string user, string database = "orders")
    {
        await client.WriteAsync(
            Bytes.Of(to => to.WriteStartupMessage(3 << 16, [new("user", user), new("database", database)])),
            Cancellation);
        return "";
    }

    /// <summary>The types of the messages that came, up to ReadyForQuery or an error.</summary>
    public static async Task<string> ScramAsync(
        Stream client, string user, string token, string database = "orders", byte[]? binding = null)
    {
        await StartAsync(client, user, database);
        var mechanisms = Encoding.ASCII.GetString((await MessageAsync(client)).Body.AsSpan(4));
        Assert.Equal(client is SslStream, mechanisms.Contains("SCRAM-SHA-256-PLUS\0", StringComparison.Ordinal));
        var (mechanism, header) = (binding, client) switch
        {
            (not null, _) => ("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,"),
            _ => ("SCRAM-SHA-256", "n,,"),
        };
        var scram = new ScramClient(token, header, binding ?? [], "client-nonce");
        await client.WriteAsync(
            Bytes.Of(to => to.WriteSaslInitialResponse(mechanism, scram.First())), Cancellation);
        var serverFirst = (await MessageAsync(client)).Body;
        await client.WriteAsync(
            Bytes.Of(to => to.WriteSaslResponse(scram.Answer(serverFirst.AsSpan(4)))), Cancellation);
        var types = "";
        while (!types.EndsWith('Z'))
        {
            var (type, body) = await MessageAsync(client);
            types += type == 'E' ? throw new ToldException(ErrorFields.Read(body)) : type;
        }

        return types;
    }

    public static async Task<string> SaltAsync(AgentDoor door, string user)
    {
        await using var client = await door.ConnectAsync();
        await StartAsync(client, user);
        await MessageAsync(client);
        await client.WriteAsync(
            Bytes.Of(static to => to.WriteSaslInitialResponse("SCRAM-SHA-256", "n,,n=,r=x"u8)), Cancellation);
        var serverFirst = Encoding.ASCII.GetString((await MessageAsync(client)).Body.AsSpan(4));
        return serverFirst[(serverFirst.IndexOf(',', StringComparison.Ordinal) + 1)..];
    }

    /// <summary>The error that ends what the client does.</summary>
    public static async Task<ErrorFields> ErrorAsync(Stream client, Func<Task<string>> act)
    {
        try
        {
            await act();
        }
        catch (ToldException told)
        {
            return told.Fields;
        }

        var (type, body) = await MessageAsync(client);
        Assert.Equal('E', type);
        return ErrorFields.Read(body);
    }

    public static async Task<(char Type, byte[] Body)> MessageAsync(Stream client)
    {
        var head = new byte[MessageHead.Size];
        await client.ReadExactlyAsync(head, Cancellation);
        var body = new byte[MessageHead.Read(head).BodyLength];
        await client.ReadExactlyAsync(body, Cancellation);
        return ((char)head[0], body);
    }

    /// <summary>An ErrorResponse where the test's client went on.</summary>
    private sealed class ToldException(ErrorFields fields) : Exception(fields.Message)
    {
        public ErrorFields Fields => fields;
    }
}
