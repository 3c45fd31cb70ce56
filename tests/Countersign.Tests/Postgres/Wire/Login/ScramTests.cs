using System.Text;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Postgres.Wire.Login;

public sealed class ScramTests
{
    private static readonly byte[] s_salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==");

    // RFC 7677 section 3.
    private static readonly ScramVerifier s_pencil = ScramVerifier.Derive("pencil", 4096, s_salt);
    private const string ServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private const string ClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    private const string ClientFinal =
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    [Fact]
    public void The_exchange_of_the_specification_comes_out_the_same()
    {
        var server = Server();

        var first = server.Begin("SCRAM-SHA-256", Encoding.ASCII.GetBytes(ClientFirst));
        var final = server.Finish(Encoding.ASCII.GetBytes(ClientFinal));

        Assert.Equal(
            $"r=rOprNGfwEbeRWgbNEkqO{ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", Encoding.ASCII.GetString(first));
        Assert.Equal(
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Encoding.ASCII.GetString(final!.Value.ServerFinal));
    }

    [Theory]
    [InlineData("pencil", true)]
    [InlineData("pencils", false)]
    public void Client_and_server_prove_the_same_password_to_each_other(string password, bool isRight)
    {
        var server = Server();
        var client = new ScramClient(password, "n,,", [], "fyko+d2lbbFgONRv9qkxdawL");

        var final = server.Finish(client.Answer(server.Begin("SCRAM-SHA-256", client.First())));

        Assert.Equal(isRight, final is not null);
        Assert.Equal(isRight, final is { } done && client.IsProof(done.ServerFinal));
    }

    [Fact]
    public void Tokens_that_share_a_salt_are_told_apart_in_one_exchange()
    {
        var verifiers = new[] { "one", "two", "three" }.Select(static one => ScramVerifier.Derive(one, 4096, s_salt));
        var server = new ScramServer([.. verifiers], binding: null, "server");
        var client = new ScramClient("two", "n,,", [], "client");

        var final = server.Finish(client.Answer(server.Begin("SCRAM-SHA-256", client.First())));

        Assert.Equal(1, final!.Value.Matched);
        Assert.True(client.IsProof(final.Value.ServerFinal));
    }

    [Fact]
    public void An_exchange_bound_to_another_certificate_is_refused()
    {
        var server = new ScramServer([s_pencil], binding: [1, 2, 3], "server");
        var client = new ScramClient("pencil", "p=tls-server-end-point,,", [1, 2, 4], "client");

        var final = client.Answer(server.Begin("SCRAM-SHA-256-PLUS", client.First()));

        Assert.Contains("another TLS channel", Assert.Throws<ProtocolViolation>(() => server.Finish(final)).Message);
    }

    [Theory]
    [InlineData("SCRAM-SHA-256", "y,,")] // Somebody took the offer of PLUS away.
    [InlineData("SCRAM-SHA-256", "p=tls-server-end-point,,")]
    [InlineData("SCRAM-SHA-256-PLUS", "n,,")]
    [InlineData("SCRAM-SHA-256-PLUS", "p=tls-unique,,")]
    [InlineData("SCRAM-SHA-1", "n,,")]
    public void A_flag_that_does_not_fit_the_mechanism_is_refused(string mechanism, string header)
    {
        var server = new ScramServer([s_pencil], binding: [1], "server");
        var first = new ScramClient("pencil", header, [1], "client").First();

        Assert.Throws<ProtocolViolation>(() => server.Begin(mechanism, first));
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("n,")]
    [InlineData("n,,")]
    [InlineData("n,a=other,n=,r=x")]
    [InlineData("n,,r=x")]
    [InlineData("n,,n=,r=")]
    [InlineData("n,,m=ext,n=,r=x")]
    [InlineData("n,,n=,r=x,e=1")]
    [InlineData("n,,n=,r=x\u0007")]
    public void A_malformed_first_message_is_refused(string first) => Assert.Throws<ProtocolViolation>(
        () => Server().Begin("SCRAM-SHA-256", Encoding.Latin1.GetBytes(first)));

    [Fact]
    public void A_nonce_without_end_is_refused_on_both_sides()
    {
        var client = new ScramClient("pencil", "n,,", [], "c");
        var endless = new string('x', 60_000);

        Assert.Throws<ProtocolViolation>(
            () => Server().Begin("SCRAM-SHA-256", Encoding.ASCII.GetBytes($"n,,n=,r={endless}")));
        Assert.Throws<ProtocolViolation>(() => client.Answer(Encoding.ASCII.GetBytes($"r=c{endless},s=AAAA,i=4096")));
    }

    [Theory]
    [InlineData("r=other,s=AAAA,i=4096")]
    [InlineData("r=c,s=AAAA,i=4096")]
    [InlineData("r=cs,s=AAAA,i=1")]
    [InlineData("r=cs,s=AAAA,i=4095")]
    [InlineData("r=cs,s=AAAA,i=1000001")]
    [InlineData("r=cs,s=AAAA,i=99999999999999999999")]
    [InlineData("r=cs,s=AAAA,i=-4096")]
    [InlineData("r=cs,s=AAAA,i= 4096")]
    [InlineData("r=cs,s=!,i=4096")]
    [InlineData("r=cs,s=AAAA")]
    [InlineData("s=AAAA,r=cs,i=4096")]
    [InlineData("e=other-error")]
    public void A_false_servers_first_message_is_refused(string first) => Assert.Throws<ProtocolViolation>(
        () => new ScramClient("pencil", "n,,", [], "c").Answer(Encoding.ASCII.GetBytes(first)));

    [Fact]
    public void A_server_proves_itself_once_and_in_order()
    {
        var client = new ScramClient("pencil", "n,,", [], "c");
        var first = Encoding.ASCII.GetBytes("r=cs,s=AAAA,i=4096");

        Assert.False(client.IsProof("v="u8));
        client.Answer(first);
        Assert.False(client.IsProof(Encoding.ASCII.GetBytes("v=" + Convert.ToBase64String(new byte[32]))));
        Assert.Throws<ProtocolViolation>(() => client.Answer(first));
    }

    [Fact]
    public void A_changed_final_message_never_passes() => Prop
        .ForAll(
            Gen.Choose(0, ClientFinal.Length - 1).Zip(Gen.Choose(' ', '~')).ToArbitrary(),
            static change =>
            {
                var server = Server();
                server.Begin("SCRAM-SHA-256", Encoding.ASCII.GetBytes(ClientFirst));
                var final = Encoding.ASCII.GetBytes(ClientFinal);
                var isSame = final[change.Item1] == (byte)change.Item2;
                final[change.Item1] = (byte)change.Item2;
                return isSame == Passes(server, final);
            })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void A_verifier_knows_its_password()
    {
        Assert.True(s_pencil.Matches("pencil"));
        Assert.False(s_pencil.Matches("pencils"));
        Assert.False(s_pencil.IsCheckedWith(ScramVerifier.Derive("pencil", 4097, s_salt)));
        Assert.False(s_pencil.IsCheckedWith(ScramVerifier.Derive("pencil", 4096, [1])));
    }

    private static bool Passes(ScramServer server, byte[] final)
    {
        try
        {
            return server.Finish(final) is not null;
        }
        catch (ProtocolViolation)
        {
            return false;
        }
    }

    private static ScramServer Server() => new([s_pencil], binding: null, ServerNonce);
}
