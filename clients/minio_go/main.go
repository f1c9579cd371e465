// Probe of minio-go: MinIO's client for Go.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/encrypt"
	"github.com/minio/minio-go/v7/pkg/tags"
)

const (
	part  = 5 << 20
	large = 12<<20 + 345
)

var ctx = context.Background()

func main() {
	p := connect(findServer())
	started := time.Now()
	if err := p.lifecycle(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("ok, %.1f s\n", time.Since(started).Seconds())
}

// Where the server is

type server struct{ endpoint, accessKey, secretKey, caFile string }

func findServer() server {
	known := dotenv("../../.env")
	first := func(otherwise string, names ...string) string {
		for _, name := range names {
			if value := os.Getenv(name); value != "" {
				return value
			}
		}
		for _, name := range names {
			if value := known[name]; value != "" {
				return value
			}
		}
		return otherwise
	}
	return server{
		first("http://localhost:9000", "TRUG_ENDPOINT"),
		first("minioadmin", "TRUG_ROOT_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "MINIO_ROOT_USER", "MINIO_ACCESS_KEY"),
		first("minioadmin", "TRUG_ROOT_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY"),
		first("", "TRUG_CA_FILE"),
	}
}

func dotenv(path string) map[string]string {
	known := map[string]string{}
	text, _ := os.ReadFile(path)
	for _, line := range strings.Split(string(text), "\n") {
		name, value, found := strings.Cut(line, "=")
		if found && !strings.HasPrefix(line, "#") {
			name = strings.TrimSpace(strings.TrimPrefix(name, "export "))
			known[name] = strings.Trim(strings.TrimSpace(value), `'"`)
		}
	}
	return known
}

type probe struct {
	*minio.Client
	http    *http.Client
	bucket  string
	isTLS   bool
	oddKeys []string
	big     []byte
}

func connect(s server) *probe {
	at := must(url.Parse(s.endpoint))
	transport := must(minio.DefaultTransport(at.Scheme == "https"))
	transport.Proxy = nil
	if s.caFile != "" {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(must(os.ReadFile(s.caFile)))
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	client := must(minio.New(at.Host, &minio.Options{
		Creds:     credentials.NewStaticV4(s.accessKey, s.secretKey, ""),
		Secure:    at.Scheme == "https",
		Transport: transport,
	}))
	p := &probe{Client: client, http: &http.Client{Transport: transport}, isTLS: at.Scheme == "https", big: payload(large)}
	p.bucket = fmt.Sprintf("probe-minio-go-%08x", rand.Uint32())
	check(json.Unmarshal(must(os.ReadFile("../odd_keys.json")), &p.oddKeys))
	return p
}

// The lifecycle

func (p *probe) lifecycle() error {
	if err := p.MakeBucket(ctx, p.bucket, minio.MakeBucketOptions{}); err != nil {
		return fmt.Errorf("create bucket: %w", err)
	}
	err := walk([]step{
		{"upload", p.upload},
		{"odd keys", p.odd},
		{"list", p.list},
		{"ranges", p.ranges},
		{"presigned", p.presigned},
		{"copy and compose", p.copies},
		{"multipart by hand", p.multipart},
		{"tags", p.tags},
		{"encryption", p.encrypted},
		{"versions", p.versions},
		{"locks", p.locks},
	})
	return errors.Join(err, walk([]step{{"delete and remove bucket", p.remove}}))
}

type step struct {
	name string
	run  func()
}

// walk runs steps up to the first that panics through check or expect.
func walk(steps []step) (err error) {
	name := ""
	defer func() {
		if told := recover(); told != nil {
			err = fmt.Errorf("failed in: %s: %v", name, told)
		}
	}()
	for _, one := range steps {
		name = one.name
		fmt.Println(name)
		one.run()
	}
	return nil
}

func (p *probe) upload() {
	expect(must(p.BucketExists(ctx, p.bucket)), "the bucket exists")
	p.put("small", []byte("hello"), minio.PutObjectOptions{UserMetadata: map[string]string{"Colour": "blue"}})
	p.put("empty", nil, minio.PutObjectOptions{})
	p.same("small", []byte("hello"))
	p.same("empty", nil)
	stat := must(p.StatObject(ctx, p.bucket, "small", minio.StatObjectOptions{}))
	expect(stat.UserMetadata["Colour"] == "blue", "metadata: ", stat.UserMetadata)
	told := p.put("large", p.big, minio.PutObjectOptions{PartSize: part})
	expect(strings.HasSuffix(told.ETag, "-3"), "three parts: ", told.ETag)
	p.same("large", p.big)
	unknown := io.MultiReader(bytes.NewReader(p.big))
	must(p.PutObject(ctx, p.bucket, "unknown length", unknown, -1, minio.PutObjectOptions{PartSize: part}))
	p.same("unknown length", p.big)
}

func (p *probe) odd() {
	for _, key := range p.oddKeys {
		p.put("odd/"+key, []byte(key), minio.PutObjectOptions{})
	}
	for _, key := range p.oddKeys {
		p.same("odd/"+key, []byte(key))
	}
}

func (p *probe) list() {
	var wanted []string
	for _, key := range p.oddKeys {
		wanted = append(wanted, "odd/"+key)
	}
	sort.Strings(wanted)
	for _, v1 := range []bool{false, true} {
		found := p.keys(minio.ListObjectsOptions{Prefix: "odd/", Recursive: true, UseV1: v1, MaxKeys: 5})
		expect(fmt.Sprint(found) == fmt.Sprint(wanted), "keys: ", found)
	}
	top := p.keys(minio.ListObjectsOptions{WithMetadata: true})
	sort.Strings(top)
	expect(fmt.Sprint(top) == "[empty large odd/ small unknown length]", "top: ", top)
}

func (p *probe) keys(options minio.ListObjectsOptions) (found []string) {
	for one := range p.ListObjects(ctx, p.bucket, options) {
		check(one.Err)
		found = append(found, one.Key)
	}
	return found
}

func (p *probe) ranges() {
	options := minio.GetObjectOptions{}
	check(options.SetRange(part-1, part))
	same(p.read("large", options), p.big[part-1:part+1], "range over parts")
	options = minio.GetObjectOptions{}
	check(options.SetRange(0, -7))
	same(p.read("large", options), p.big[large-7:], "suffix range")
	object := must(p.GetObject(ctx, p.bucket, "large", minio.GetObjectOptions{}))
	defer object.Close()
	seven := make([]byte, 7)
	must(object.ReadAt(seven, part))
	same(seven, p.big[part:part+7], "ReadAt")
}

func (p *probe) presigned() {
	key := p.oddKeys[7]
	at := must(p.PresignedGetObject(ctx, p.bucket, "odd/"+key, time.Minute, url.Values{"response-content-type": {"text/odd"}}))
	reply := must(p.http.Get(at.String()))
	defer reply.Body.Close()
	same(must(io.ReadAll(reply.Body)), []byte(key), "presigned GET")
	at = must(p.PresignedPutObject(ctx, p.bucket, "given + taken", time.Minute))
	request := must(http.NewRequest(http.MethodPut, at.String(), strings.NewReader("given")))
	put := must(p.http.Do(request))
	defer put.Body.Close()
	expect(put.StatusCode == http.StatusOK, "presigned PUT: ", put.Status)
	p.same("given + taken", []byte("given"))
}

func (p *probe) copies() {
	key := p.oddKeys[7]
	must(p.CopyObject(ctx, p.to("copy/ünï"), p.from("odd/"+key)))
	p.same("copy/ünï", []byte(key))
	to := p.to("small")
	to.ReplaceMetadata, to.UserMetadata = true, map[string]string{"Colour": "red"}
	must(p.CopyObject(ctx, to, p.from("small")))
	stat := must(p.StatObject(ctx, p.bucket, "small", minio.StatObjectOptions{}))
	expect(stat.UserMetadata["Colour"] == "red", "replaced metadata: ", stat.UserMetadata)
	must(p.ComposeObject(ctx, p.to("composed"), p.from("large"), p.from("small")))
	p.same("composed", append(append([]byte{}, p.big...), "hello"...))
}

func (p *probe) to(key string) minio.CopyDestOptions {
	return minio.CopyDestOptions{Bucket: p.bucket, Object: key}
}

func (p *probe) from(key string) minio.CopySrcOptions {
	return minio.CopySrcOptions{Bucket: p.bucket, Object: key}
}

func (p *probe) multipart() {
	core := minio.Core{Client: p.Client}
	id := must(core.NewMultipartUpload(ctx, p.bucket, "by/hand", minio.PutObjectOptions{}))
	var sent []minio.CompletePart
	for start := 0; start < large; start += part {
		data := p.big[start:min(start+part, large)]
		number := len(sent) + 1
		told := must(core.PutObjectPart(ctx, p.bucket, "by/hand", id, number, bytes.NewReader(data), int64(len(data)), minio.PutObjectPartOptions{}))
		sent = append(sent, minio.CompletePart{PartNumber: number, ETag: told.ETag})
	}
	listed := must(core.ListObjectParts(ctx, p.bucket, "by/hand", id, 0, 10))
	expect(len(listed.ObjectParts) == 3, "parts: ", listed.ObjectParts)
	must(core.CompleteMultipartUpload(ctx, p.bucket, "by/hand", id, sent, minio.PutObjectOptions{}))
	p.same("by/hand", p.big)
	id = must(core.NewMultipartUpload(ctx, p.bucket, "aborted", minio.PutObjectOptions{}))
	check(core.AbortMultipartUpload(ctx, p.bucket, "aborted", id))
	for one := range p.ListIncompleteUploads(ctx, p.bucket, "", true) {
		expect(false, "an upload is still open: ", one.Key, one.Err)
	}
}

func (p *probe) tags() {
	wanted := must(tags.NewTags(map[string]string{"kind": "probe"}, true))
	check(p.PutObjectTagging(ctx, p.bucket, "small", wanted, minio.PutObjectTaggingOptions{}))
	found := must(p.GetObjectTagging(ctx, p.bucket, "small", minio.GetObjectTaggingOptions{}))
	expect(found.String() == wanted.String(), "tags: ", found)
	given := minio.PutObjectOptions{UserTags: map[string]string{"kind": "given", "of": "a b+c"}, PartSize: part}
	for _, key := range []string{"tagged", "tagged in parts"} {
		data := []byte("tagged")
		if key != "tagged" {
			data = p.big
		}
		p.put(key, data, given)
		found = must(p.GetObjectTagging(ctx, p.bucket, key, minio.GetObjectTaggingOptions{}))
		expect(fmt.Sprint(found.ToMap()) == fmt.Sprint(given.UserTags), "tags of ", key, ": ", found)
		expect(must(p.StatObject(ctx, p.bucket, key, minio.StatObjectOptions{})).UserTagCount == 2, "count of tags")
	}
	check(p.RemoveObjectTagging(ctx, p.bucket, "tagged", minio.RemoveObjectTaggingOptions{}))
	found = must(p.GetObjectTagging(ctx, p.bucket, "tagged", minio.GetObjectTaggingOptions{}))
	expect(len(found.ToMap()) == 0, "tags are gone: ", found)
}

func (p *probe) encrypted() {
	kept := encrypt.NewSSE()
	p.put("kept", p.big, minio.PutObjectOptions{ServerSideEncryption: kept, PartSize: part})
	p.same("kept", p.big)
	if !p.isTLS {
		return // minio-go sends no key of ours without TLS
	}
	key := must(encrypt.NewSSEC(bytes.Repeat([]byte("k"), 32)))
	other := must(encrypt.NewSSEC(bytes.Repeat([]byte("o"), 32)))
	options := minio.GetObjectOptions{ServerSideEncryption: key}
	for name, data := range map[string][]byte{"ours": []byte("ours"), "ours in parts": p.big} {
		p.put(name, data, minio.PutObjectOptions{ServerSideEncryption: key, PartSize: part})
		same(p.read(name, options), data, name)
		stat := must(p.StatObject(ctx, p.bucket, name, options))
		expect(stat.Size == int64(len(data)), "size of ", name, ": ", stat.Size)
		_, err := p.StatObject(ctx, p.bucket, name, minio.StatObjectOptions{})
		expect(minio.ToErrorResponse(err).StatusCode == http.StatusBadRequest, "without a key: ", err)
		_, err = p.StatObject(ctx, p.bucket, name, minio.GetObjectOptions{ServerSideEncryption: other})
		expect(minio.ToErrorResponse(err).StatusCode == http.StatusForbidden, "with another key: ", err)
	}
	check(options.SetRange(part-1, part))
	same(p.read("ours in parts", options), p.big[part-1:part+1], "range of what we have the key of")
	to, from := p.to("ours elsewhere"), p.from("ours in parts")
	to.Encryption, from.Encryption = other, encrypt.SSECopy(key)
	must(p.ComposeObject(ctx, to, from))
	same(p.read("ours elsewhere", minio.GetObjectOptions{ServerSideEncryption: other}), p.big, "copied to another key")
}

func (p *probe) locks() {
	bucket := p.bucket + "-locks"
	check(p.MakeBucket(ctx, bucket, minio.MakeBucketOptions{ObjectLocking: true}))
	mode, days, unit := minio.Governance, uint(2), minio.Days
	check(p.SetObjectLockConfig(ctx, bucket, &mode, &days, &unit))
	state, toldMode, toldDays, _, err := p.GetObjectLockConfig(ctx, bucket)
	check(err)
	expect(state == "Enabled" && *toldMode == mode && *toldDays == days, "configuration: ", state)
	put := func(key string, options minio.PutObjectOptions) string {
		options.SendContentMd5 = true
		return must(p.PutObject(ctx, bucket, key, strings.NewReader(key), int64(len(key)), options)).VersionID
	}
	version := put("default", minio.PutObjectOptions{})
	toldMode, until, err := p.GetObjectRetention(ctx, bucket, "default", version)
	check(err)
	expect(*toldMode == mode && until.After(time.Now().Add(47*time.Hour)), "default retention: ", until)
	later := time.Now().Add(72 * time.Hour).UTC().Truncate(time.Second)
	put("own", minio.PutObjectOptions{Mode: mode, RetainUntilDate: later, LegalHold: minio.LegalHoldEnabled})
	_, until, err = p.GetObjectRetention(ctx, bucket, "own", "")
	check(err)
	expect(until.Equal(later), "retention of its own: ", until)
	hold := must(p.GetObjectLegalHold(ctx, bucket, "own", minio.GetObjectLegalHoldOptions{}))
	expect(*hold == minio.LegalHoldEnabled, "hold: ", *hold)
	off := minio.LegalHoldDisabled
	check(p.PutObjectLegalHold(ctx, bucket, "own", minio.PutObjectLegalHoldOptions{Status: &off}))
	err = p.RemoveObject(ctx, bucket, "default", minio.RemoveObjectOptions{VersionID: version})
	expect(minio.ToErrorResponse(err).Code == "AccessDenied", "a locked version: ", err)
	found := p.ListObjects(ctx, bucket, minio.ListObjectsOptions{WithVersions: true})
	for one := range p.RemoveObjects(ctx, bucket, found, minio.RemoveObjectsOptions{GovernanceBypass: true}) {
		check(one.Err)
	}
	check(p.RemoveBucket(ctx, bucket))
}

func (p *probe) versions() {
	check(p.EnableVersioning(ctx, p.bucket))
	expect(must(p.GetBucketVersioning(ctx, p.bucket)).Enabled(), "versioning is enabled")
	first := p.put("versioned", []byte("first"), minio.PutObjectOptions{}).VersionID
	second := p.put("versioned", []byte("second"), minio.PutObjectOptions{}).VersionID
	check(p.RemoveObject(ctx, p.bucket, "versioned", minio.RemoveObjectOptions{}))
	var kept []string
	markers := 0
	for one := range p.ListObjects(ctx, p.bucket, minio.ListObjectsOptions{Prefix: "versioned", WithVersions: true}) {
		check(one.Err)
		if one.IsDeleteMarker {
			markers++
		} else {
			kept = append(kept, one.VersionID)
		}
	}
	expect(fmt.Sprint(kept) == fmt.Sprint([]string{second, first}) && markers == 1, "versions: ", kept, markers)
	same(p.read("versioned", minio.GetObjectOptions{VersionID: first}), []byte("first"), "first version")
	_, err := p.StatObject(ctx, p.bucket, "versioned", minio.StatObjectOptions{})
	expect(minio.ToErrorResponse(err).StatusCode == http.StatusNotFound, "a deleted key is absent: ", err)
}

func (p *probe) remove() {
	found := p.ListObjects(ctx, p.bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true})
	for one := range p.RemoveObjects(ctx, p.bucket, found, minio.RemoveObjectsOptions{}) {
		check(one.Err)
	}
	check(p.RemoveBucket(ctx, p.bucket))
	expect(!must(p.BucketExists(ctx, p.bucket)), "the bucket is gone")
}

// Reading, writing, comparing

func (p *probe) put(key string, data []byte, options minio.PutObjectOptions) minio.UploadInfo {
	return must(p.PutObject(ctx, p.bucket, key, bytes.NewReader(data), int64(len(data)), options))
}

func (p *probe) read(key string, options minio.GetObjectOptions) []byte {
	object := must(p.GetObject(ctx, p.bucket, key, options))
	defer object.Close()
	return must(io.ReadAll(object))
}

func (p *probe) same(key string, wanted []byte) {
	same(p.read(key, minio.GetObjectOptions{}), wanted, key)
}

func same(got, wanted []byte, what string) {
	expect(sha256.Sum256(got) == sha256.Sum256(wanted), what, ": other bytes than those sent")
}

func payload(size int) []byte {
	data := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(data)
	return data
}

func expect(isMet bool, what ...any) {
	if !isMet {
		panic(fmt.Sprint(what...))
	}
}

func check(err error) {
	if err != nil {
		panic(fmt.Sprintf("%v %+v", err, minio.ToErrorResponse(err)))
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}
