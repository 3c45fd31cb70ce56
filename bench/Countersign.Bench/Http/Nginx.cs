using System.Diagnostics;
using System.Globalization;
using Countersign.Bench.Postgres;

namespace Countersign.Bench.Http;

/// <summary>Debian's nginx in two roles: the server behind everything, and a plain reverse proxy before it.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    public const long LongBytes = 1024L * 1024 * 1024;

    private readonly DirectoryInfo _folder;
    private readonly Process[] _processes;

    private Nginx(DirectoryInfo folder, Process[] processes, int server, int proxy) =>
        (_folder, _processes, Server, Proxy) = (folder, processes, server, proxy);

    public int Server { get; }

    public int Proxy { get; }

    public static async Task<Nginx> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("countersign-bench-nginx-");
        await using (var file = File.Create(Path.Combine(folder.FullName, "long.bin")))
        {
            file.SetLength(LongBytes);
        }

        var (server, proxy) = (Cluster.FreePort(), Cluster.FreePort());
        var nginx = new Nginx(
            folder,
            [
                await StartAsync(folder, "server", ServerText(folder, server)),
                await StartAsync(folder, "proxy", ProxyText(server, proxy)),
            ],
            server,
            proxy);
        using var http = new HttpClient();
        while (true)
        {
            try
            {
                await http.GetAsync(new Uri($"http://127.0.0.1:{proxy}/small"));
                return nginx;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            // The master tells its workers.
            using var end = Process.Start("kill", process.Id.ToString(CultureInfo.InvariantCulture));
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private static async Task<Process> StartAsync(DirectoryInfo folder, string name, string inside)
    {
        var file = Path.Combine(folder.FullName, name + ".conf");
        await File.WriteAllTextAsync(file, string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off;
            worker_processes 1;
            pid {{folder}}/{{name}}.pid;
            error_log {{folder}}/{{name}}.log crit;
            events { worker_connections 1024; }
            http {
                access_log off;
                keepalive_requests 1000000000;
                client_body_temp_path {{folder}}/{{name}}-body;
                proxy_temp_path {{folder}}/{{name}}-proxy;
                fastcgi_temp_path {{folder}}/{{name}}-fastcgi;
                uwsgi_temp_path {{folder}}/{{name}}-uwsgi;
                scgi_temp_path {{folder}}/{{name}}-scgi;
                {{inside}}
            }
            """));
        return Bench.Start(["/usr/sbin/nginx", "-p", folder.FullName, "-c", file]);
    }

    private static string ServerText(DirectoryInfo folder, int port) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        server {
            listen 127.0.0.1:{{port}};
            location = /small {
                default_type application/json;
                return 200 '{"id":7,"name":"Alice Liddell","status":"paid","amount":1250,"currency":"EUR"}';
            }
            location / { root {{folder}}; }
        }
        """);

    private static string ProxyText(int server, int port) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        upstream server { server 127.0.0.1:{{server}}; keepalive 64; keepalive_requests 1000000000; }
        server {
            listen 127.0.0.1:{{port}};
            location / {
                proxy_pass http://server;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
            }
        }
        """);
}
