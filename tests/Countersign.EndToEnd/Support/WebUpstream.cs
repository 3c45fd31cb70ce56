using System.Globalization;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// Debian's nginx as a target of the HTTP gate, on a free loopback port: it says what it was asked for, serves files,
/// and keeps a log of every request that reached it.
/// </summary>
internal sealed class WebUpstream : IAsyncDisposable
{
    private const string Binary = "/usr/sbin/nginx";

    private readonly DirectoryInfo _folder;
    private readonly RunningProgram _server;
    private readonly Certificates? _certificates;

    private WebUpstream(DirectoryInfo folder, RunningProgram server, int port, Certificates? certificates) =>
        (_folder, _server, Port, _certificates) = (folder, server, port, certificates);

    public static bool IsInstalled => File.Exists(Binary);

    public int Port { get; }

    private string Address => string.Create(
        CultureInfo.InvariantCulture, $"{(_certificates is null ? "http://127.0.0.1" : "https://localhost")}:{Port}");

    /// <summary>A target of the HTTP gate, as YAML below <c>targets:</c>; with more members if there are any.</summary>
    public string TargetWith(string more = "labels: [web]", string name = "web") =>
        $$"""
          {{name}}: { gate: http, environment: production, upstream: "{{Address}}", {{more}} }
        """;

    /// <summary>
    /// Method, address, body length and credential of each request, in the order in which they were answered.
    /// </summary>
    public string[] Requests => [.. File.ReadAllLines(In("access.log"))];

    public string In(string path) => Path.Combine(_folder.FullName, path);

    public static Task<WebUpstream> StartAsync(CancellationToken cancellationToken) =>
        StartAsync(certificates: null, cancellationToken);

    /// <param name="certificates">With those it speaks TLS, and to nobody who has no certificate of the same
    /// authority.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<WebUpstream> StartAsync(Certificates? certificates, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("countersign-web-");
        var port = Ports.Take();
        Directory.CreateDirectory(Path.Combine(folder.FullName, "files"));
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "nginx.conf"),
            Configuration(folder.FullName, port, certificates),
            cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "access.log"), "", cancellationToken);
        var server = RunningProgram.Start(new ProgramOptions(
            Binary, ["-p", folder.FullName, "-c", Path.Combine(folder.FullName, "nginx.conf")]));
        var upstream = new WebUpstream(folder, server, port, certificates);
        await upstream.WaitAsync(cancellationToken);
        return upstream;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static string Configuration(string folder, int port, Certificates? certificates) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
        daemon off;
        master_process off;
        worker_processes 1;
        pid {{folder}}/nginx.pid;
        error_log {{folder}}/error.log;
        events { worker_connections 512; }
        http {
            log_format plain '$request_method $request_uri $content_length $http_authorization';
            access_log {{folder}}/access.log plain;
            client_body_temp_path {{folder}}/body;
            proxy_temp_path {{folder}}/proxy;
            fastcgi_temp_path {{folder}}/fastcgi;
            uwsgi_temp_path {{folder}}/uwsgi;
            scgi_temp_path {{folder}}/scgi;
            server {
                listen 127.0.0.1:{{port}}{{(certificates is null ? "" : " ssl")}};
                {{TlsOf(certificates)}}
                location /echo {
                    default_type application/json;
                    return 200 '{"uri":"$request_uri","got":"$http_authorization"}';
                }
                location /things { default_type text/plain; return 201 'made $request_method'; }
                location /files { root {{folder}}; }
            }
        }
        """);

    private static string TlsOf(Certificates? files) => files is null ? "" :
        $"ssl_certificate {files.Server}; ssl_certificate_key {files.ServerKey}; " +
        $"ssl_client_certificate {files.Authority}; ssl_verify_client on;";

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        while (true)
        {
            try
            {
                // To whoever speaks no TLS it says so, which is an answer too.
                await http.GetAsync(new Uri($"http://127.0.0.1:{Port}/echo"), cancellationToken);
                await File.WriteAllTextAsync(In("access.log"), "", cancellationToken);
                return;
            }
            catch (HttpRequestException) when (!_server.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            }
        }
    }
}
